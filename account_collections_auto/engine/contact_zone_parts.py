"""Which time zones lie in which part of a country that has several: facts, looked up by state or by the start of a postcode.

A part where the border of a zone runs through it names both zones. Countries, states and postcodes that are not here have
every zone that the tz database gives the country.
"""

# Part: its zones.
PARTS = {
    "eastern": ("America/New_York",),
    "central": ("America/Chicago",),
    "mountain": ("America/Denver",),
    "pacific": ("America/Los_Angeles",),
    "arizona": ("America/Phoenix",),
    "navajo": ("America/Phoenix", "America/Denver"),
    "eastern+central": ("America/New_York", "America/Chicago"),
    "central+mountain": ("America/Chicago", "America/Denver"),
    "mountain+pacific": ("America/Denver", "America/Los_Angeles"),
    "alaska": ("America/Anchorage",),
    "alaska+aleutian": ("America/Anchorage", "America/Adak"),
    "hawaii": ("Pacific/Honolulu",),
    "puerto rico": ("America/Puerto_Rico",),
    "guam": ("Pacific/Guam",),
    "samoa": ("Pacific/Pago_Pago",),
    "newfoundland": ("America/St_Johns",),
    "labrador": ("America/Goose_Bay", "America/St_Johns"),
    "atlantic": ("America/Halifax",),
    "quebec east": ("America/Toronto", "America/Blanc-Sablon"),
    "toronto": ("America/Toronto",),
    "toronto+winnipeg": ("America/Toronto", "America/Winnipeg", "America/Atikokan"),
    "winnipeg": ("America/Winnipeg",),
    "winnipeg+atikokan": ("America/Winnipeg", "America/Atikokan"),
    "regina": ("America/Regina",),
    "regina+neighbours": ("America/Regina", "America/Edmonton", "America/Winnipeg"),
    "edmonton": ("America/Edmonton",),
    "vancouver": ("America/Vancouver",),
    "vancouver+edmonton": ("America/Vancouver", "America/Edmonton", "America/Creston"),
    "peace river": ("America/Dawson_Creek", "America/Fort_Nelson", "America/Vancouver"),
    "yukon": ("America/Whitehorse",),
    "nunavut": ("America/Iqaluit", "America/Rankin_Inlet", "America/Cambridge_Bay", "America/Resolute"),
    "sydney": ("Australia/Sydney",),
    "broken hill": ("Australia/Broken_Hill", "Australia/Sydney"),
    "lord howe": ("Australia/Lord_Howe",),
    "melbourne": ("Australia/Melbourne",),
    "brisbane": ("Australia/Brisbane",),
    "adelaide": ("Australia/Adelaide",),
    "perth": ("Australia/Perth",),
    "perth+eucla": ("Australia/Perth", "Australia/Eucla"),
    "hobart": ("Australia/Hobart",),
    "darwin": ("Australia/Darwin",),
    "sao paulo": ("America/Sao_Paulo",),
    "noronha": ("America/Noronha", "America/Recife"),
    "cuiaba": ("America/Cuiaba",),
    "manaus": ("America/Manaus",),
    "amazonas": ("America/Manaus", "America/Eirunepe"),
    "rio branco": ("America/Rio_Branco",),
    "mexico city": ("America/Mexico_City",),
    "mazatlan": ("America/Mazatlan",),
    "nayarit": ("America/Mazatlan", "America/Mexico_City"),
    "hermosillo": ("America/Hermosillo",),
    "tijuana": ("America/Tijuana",),
    "chihuahua": ("America/Chihuahua", "America/Ciudad_Juarez", "America/Ojinaga"),
    "cancun": ("America/Cancun",),
    "northern border": ("America/Monterrey", "America/Matamoros"),
    "madrid": ("Europe/Madrid",),
    "canaries": ("Atlantic/Canary",),
    "lisbon": ("Europe/Lisbon",),
    "azores": ("Atlantic/Azores",),
    "madeira": ("Atlantic/Madeira",),
    "jakarta": ("Asia/Jakarta",),
    "makassar": ("Asia/Makassar",),
    "jayapura": ("Asia/Jayapura",),
    "auckland": ("Pacific/Auckland",),
    "chatham": ("Pacific/Chatham",),
    "santiago": ("America/Santiago",),
    "southern chile": ("America/Punta_Arenas", "America/Coyhaique", "America/Santiago"),
    "easter island": ("Pacific/Easter",),
    "guayaquil": ("America/Guayaquil",),
    "galapagos": ("Pacific/Galapagos",),
    "shanghai": ("Asia/Shanghai",),
    "xinjiang": ("Asia/Shanghai", "Asia/Urumqi"),
}

# Where nobody but a small, far part has another zone, and that part is known by its state or postcode.
MAINLAND = {
    "CN": PARTS["shanghai"],
    "EC": PARTS["guayaquil"],
    "ES": PARTS["madrid"],
    "NZ": PARTS["auckland"],
    "PT": PARTS["lisbon"],
}


def _states(**parts):
    """Return {state: part} from {part: "states"}; an underscore in the name of a part stands for a space, __ for a plus."""
    return {state: name.replace("__", "+").replace("_", " ") for name, states in parts.items() for state in states.split()}


# Country: {state, as Odoo codes it: part}. What a border runs through is narrowed by its postcodes below.
BY_STATE = {
    "US": _states(
        eastern="CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
        eastern__central="FL IN KY MI TN",
        central="AL AR IA IL LA MN MO MS OK WI",
        central__mountain="KS ND NE SD TX",
        mountain="CO MT NM UT WY",
        mountain__pacific="ID NV OR",
        pacific="CA WA",
        navajo="AZ",
        alaska__aleutian="AK",
        hawaii="HI",
        puerto_rico="PR VI",
        guam="GU MP",
        samoa="AS",
    ),
    "CA": _states(
        labrador="NL",
        atlantic="NB NS PE",
        quebec_east="QC",
        toronto__winnipeg="ON",
        winnipeg="MB",
        regina__neighbours="SK",
        edmonton="AB NT",
        vancouver__edmonton="BC",
        yukon="YT",
        nunavut="NU",
    ),
    "AU": _states(sydney="ACT NSW", melbourne="VIC", brisbane="QLD", adelaide="SA", perth="WA", hobart="TAS", darwin="NT"),
    "BR": _states(
        sao_paulo="AL AP BA CE DF ES GO MA MG PA PB PE PI PR RJ RN RS SC SE SP TO",
        cuiaba="MS MT",
        manaus="RO RR",
        amazonas="AM",
        rio_branco="AC",
    ),
    "MX": _states(
        mexico_city="AGU CAM CHP CMX COL DUR GRO GUA HID JAL MEX MIC MOR OAX PUE QUE SLP TAB TLA VER YUC ZAC",
        mazatlan="BCS SIN",
        nayarit="NAY",
        hermosillo="SON",
        tijuana="BCN",
        chihuahua="CHH",
        cancun="ROO",
        northern_border="COA NLE TAM",
    ),
    "ES": _states(canaries="GC TF"),
    "PT": _states(azores="20", madeira="30"),
    "ID": _states(
        jakarta="AC BB BE BT JA JB JI JK JT KB KR KT LA RI SB SS SU YO",
        makassar="BA GO KI KS KU NB NT SA SG SN SR ST",
        jayapura="MA MU PA PB PD PE PS PT",
    ),
    "CL": _states(southern_chile="AI MA", santiago="TA AN AT CO LI ML BI AR LL RM LR AP NB"),
    "EC": _states(galapagos="20"),
    "CN": _states(xinjiang="新"),
}


def _postcodes(text):
    """Return (first, last, part) of "first-last part; ...", in that order: what is found first counts."""
    rows = []
    for entry in text.split(";"):
        span, _space, part = entry.strip().partition(" ")
        first, _dash, last = span.partition("-")
        rows.append((first, last or first, part))
    return tuple(rows)


# Country: the starts of postcodes, letters and digits only, with their parts.
BY_POSTCODE = {
    "US": _postcodes(
        "006-009 puerto rico; 005-312 eastern; 313-323 eastern; 324 eastern+central; 325 central; 326-349 eastern;"
        "350-369 central; 373 eastern+central; 377 eastern+central; 374-379 eastern; 370-397 central; 398-399 eastern;"
        "401 eastern+central; 400-419 eastern; 425-427 eastern+central; 420-424 central; 430-462 eastern; 463-464 central;"
        "465 eastern+central; 475 eastern+central; 476-477 central; 479 eastern+central; 466-497 eastern;"
        "498-499 eastern+central; 500-567 central; 575-576 central+mountain; 577 mountain; 570-574 central;"
        "585-588 central+mountain; 580-584 central; 590-599 mountain; 600-676 central; 677-678 central+mountain;"
        "679-689 central; 690-692 central+mountain; 693 mountain; 700-797 central; 798 central+mountain; 799-831 mountain;"
        "835 mountain+pacific; 838 pacific; 832-837 mountain; 840-847 mountain; 860 navajo; 865 navajo; 850-864 arizona;"
        "870-885 mountain; 898 mountain+pacific; 889-961 pacific; 96799 samoa; 967-968 hawaii; 969 guam;"
        "979 mountain+pacific; 970-994 pacific; 995 alaska+aleutian; 996-999 alaska"
    ),
    "CA": _postcodes(
        "A0K-A0R labrador; A2V labrador; A newfoundland; B-E atlantic; G0G quebec east; G-H toronto; J toronto; K-N toronto;"
        "P0 toronto+winnipeg; P8-P9 winnipeg+atikokan; P toronto; R winnipeg; S0P regina+neighbours; S9V regina+neighbours;"
        "S0 regina+neighbours; S9 regina+neighbours; S regina; T edmonton; V1G peace river; V1J peace river; V0C peace river;"
        "V1A vancouver+edmonton; V1C vancouver+edmonton; V0A-V0B vancouver+edmonton; V vancouver; X0 nunavut; X1 edmonton;"
        "Y yukon"
    ),
    "AU": _postcodes("2880 broken hill; 2898 lord howe; 6443 perth+eucla"),
    "BR": _postcodes("53990 noronha"),
    "CL": _postcodes("277 easter island"),
    "ES": _postcodes("35 canaries; 38 canaries; 01-52 madrid"),
    "NZ": _postcodes("8942 chatham"),
    "PT": _postcodes("90-94 madeira; 95-99 azores"),
}
