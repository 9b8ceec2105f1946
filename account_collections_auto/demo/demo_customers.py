"""The invented customers of the demonstration data. Names and streets are made up; ``.example`` can never be a real domain."""

from typing import NamedTuple


class Country(NamedTuple):
    """What the customers of one country have in common."""

    code: str
    lang: str
    currency: str
    phone: str
    mailbox: str
    office: str
    names: tuple


# Each name is (company, domain, street, postal code, city).
COUNTRIES = (
    Country(
        "DE",
        "de_DE",
        "EUR",
        "+49 30 2312 5{:03}",
        "buchhaltung",
        "Buchhaltung",
        (
            ("Lindhain Möbelwerk GmbH", "lindhain", "Erlenweg 4", "04229", "Leipzig"),
            ("Auerblick Druck GmbH", "auerblick", "Am Mühlrain 18", "79104", "Freiburg"),
            ("Nordkiesel Baustoffe KG", "nordkiesel", "Kaistieg 7", "24143", "Kiel"),
            ("Feldmark Saatgut eG", "feldmark", "Obere Breite 31", "38100", "Braunschweig"),
            ("Sternquell Getränkemarkt GmbH", "sternquell", "Quellgasse 2", "08523", "Plauen"),
            ("Hallertal Werkzeugbau GmbH", "hallertal", "Schmiedring 12", "85049", "Ingolstadt"),
            ("Brückenauer Optik GmbH", "brueckenauer", "Lichtplatz 9", "07745", "Jena"),
            ("Weidenhof Catering UG", "weidenhof", "Gartenzeile 55", "50823", "Köln"),
        ),
    ),
    Country(
        "FR",
        "fr_FR",
        "EUR",
        "+33 1 99 00 3{:03}",
        "comptabilite",
        "Comptabilité",
        (
            ("Ateliers du Vallon SARL", "ateliers-vallon", "14 rue des Tisserands", "69004", "Lyon"),
            ("Boulangerie Clairepierre", "clairepierre", "3 place du Four", "21000", "Dijon"),
            ("Menuiserie Haut-Chêne SAS", "haut-chene", "27 chemin de la Scierie", "87000", "Limoges"),
            ("Transports Rivebelle SAS", "rivebelle", "9 quai des Bateliers", "33300", "Bordeaux"),
            ("Verrerie Sablonnet", "sablonnet", "41 route des Dunes", "59140", "Dunkerque"),
            ("Papeterie Fontgrise SARL", "fontgrise", "6 impasse du Moulin", "38000", "Grenoble"),
            ("Maison Orvelin", "orvelin", "18 rue du Pressoir", "51100", "Reims"),
        ),
    ),
    Country(
        "NL",
        "nl_NL",
        "EUR",
        "+31 20 555 4{:03}",
        "administratie",
        "Administratie",
        (
            ("Waterkant Fietsen B.V.", "waterkant-fietsen", "Singelpad 21", "3512 JE", "Utrecht"),
            ("Tulpveld Kwekerij B.V.", "tulpveld", "Bollenlaan 8", "2211 AB", "Noordwijkerhout"),
            ("Grachtlicht Studio", "grachtlicht", "Lantaarnstraat 103", "1013 KL", "Amsterdam"),
            ("Zeepier Visgroothandel B.V.", "zeepier", "Havenhoofd 5", "3089 JX", "Rotterdam"),
            ("Molenbeek Bouw B.V.", "molenbeekbouw", "Wiekweg 60", "5611 CD", "Eindhoven"),
            ("Duinrand Zorghotel", "duinrand", "Helmpad 2", "2042 BE", "Zandvoort"),
            ("Eikelaar Textiel B.V.", "eikelaar", "Weversdijk 34", "7511 HG", "Enschede"),
        ),
    ),
    Country(
        "ES",
        "es_ES",
        "EUR",
        "+34 910 55 6{:03}",
        "contabilidad",
        "Contabilidad",
        (
            ("Cerámicas Vallefrío S.L.", "vallefrio", "Calle del Horno 12", "12005", "Castellón"),
            ("Bodegas Altosol S.A.", "altosol", "Camino de la Viña 3", "26006", "Logroño"),
            ("Talleres Puentenuevo S.L.", "puentenuevo", "Avenida del Río 88", "50014", "Zaragoza"),
            ("Imprenta Lunares", "lunares", "Plaza de las Cuatro Letras 1", "41003", "Sevilla"),
            ("Olivar de Mediodía S.L.", "olivar-mediodia", "Carretera de la Almazara 45", "23009", "Jaén"),
            ("Náutica Calaverde S.L.", "calaverde", "Paseo del Muelle 7", "07015", "Palma"),
        ),
    ),
    Country(
        "IT",
        "it_IT",
        "EUR",
        "+39 02 5560 7{:03}",
        "amministrazione",
        "Amministrazione",
        (
            ("Officine Montechiaro S.r.l.", "montechiaro-officine", "Via dei Fabbri 16", "25124", "Brescia"),
            ("Caffè Torrefatto Ombra S.r.l.", "caffe-ombra", "Vicolo del Macinino 4", "34121", "Trieste"),
            ("Tessitura Roggialta S.p.A.", "roggialta", "Via della Spola 72", "59100", "Prato"),
            ("Marmi Pietraluce S.r.l.", "pietraluce", "Viale delle Cave 11", "54033", "Carrara"),
            ("Serramenti Valdombrosa", "valdombrosa", "Strada del Telaio 29", "31100", "Treviso"),
            ("Agenzia Portoverso S.r.l.", "portoverso", "Calata dei Nodi 3", "16126", "Genova"),
        ),
    ),
    Country(
        "GB",
        "en_GB",
        "GBP",
        "+44 20 7946 0{:03}",
        "accounts",
        "Accounts payable",
        (
            ("Thistlegate Interiors Ltd", "thistlegate", "22 Weaver's Close", "EH6 7AB", "Edinburgh"),
            ("Marlow & Finch Bindery", "marlowfinch", "5 Gluepot Lane", "BS1 6QA", "Bristol"),
            ("Ravenmoor Garden Supplies Ltd", "ravenmoor", "Trellis Yard", "YO10 4DT", "York"),
            ("Copperkettle Foods Ltd", "copperkettle", "91 Ladle Street", "M4 5JQ", "Manchester"),
            ("Saltwick Boat Hire", "saltwick", "The Old Slipway", "TR11 3XY", "Falmouth"),
            ("Hazelbrook Clinics Ltd", "hazelbrook", "14 Willow Parade", "CF10 2HT", "Cardiff"),
        ),
    ),
)
