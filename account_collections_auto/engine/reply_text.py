"""What a customer wrote in a mail: without our quoted message, signatures and notices. Pure: text in, text out."""

import re
from html.parser import HTMLParser

# More than this of a mail is not read: what answers a reminder stands at its beginning.
SOURCE_LIMIT = 200_000
TEXT_LIMIT = 10_000
LINE_LIMIT = 1_000

_BLOCKS = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "pre", "hr", "section", "article"}
_UNREAD = {"style", "script", "head", "title", "blockquote", "template"}
_QUOTE_MARKS = ("gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "outlookmessageheader", "zmail_extra")
_VOID = {"br", "hr", "img", "meta", "input", "link", "area", "base", "col", "wbr", "source"}

# "On 3 March 2026 at 10:12, Carla wrote:" in six languages.
_WROTE = ("wrote", "schrieb", "a écrit", "a ecrit", "schreef", "escribió", "escribio", "ha scritto", "geschreven")
_ON = ("on ", "am ", "le ", "op ", "el ", "il ")
_ORIGINAL = (
    "original message",
    "original-nachricht",
    "originalnachricht",
    "ursprüngliche nachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "oorspronkelijk bericht",
    "mensaje original",
    "messaggio originale",
    "forwarded message",
    "weitergeleitete nachricht",
    "message transféré",
    "doorgestuurd bericht",
    "mensaje reenviado",
    "messaggio inoltrato",
)
_FROM = ("from:", "von:", "de:", "de :", "van:", "da:", "expéditeur :", "afzender:")
_HEADERS = (
    *("sent:", "date:", "to:", "cc:", "subject:", "gesendet:", "datum:", "an:", "betreff:", "envoyé:", "envoyé :", "date :"),
    *("à:", "à :", "objet:", "objet :", "verzonden:", "aan:", "onderwerp:", "enviado:", "enviado el:", "fecha:", "para:"),
    *("asunto:", "inviato:", "data:", "a:", "oggetto:", "cc :"),
)
_CLOSINGS = (
    *("kind regards", "best regards", "regards", "with regards", "yours sincerely", "yours faithfully", "sincerely", "cheers"),
    *("best wishes", "many thanks and regards", "thanks and regards", "mit freundlichen gr", "mit freundlichem gr", "mfg"),
    *("freundliche gr", "viele gr", "beste gr", "liebe gr", "mit besten gr", "herzliche gr", "schöne gr", "hochachtungsvoll"),
    *("cordialement", "bien cordialement", "bien à vous", "salutations", "meilleures salutations", "sincères salutations"),
    *("veuillez agréer", "je vous prie d'agréer", "cdlt", "met vriendelijke groet", "vriendelijke groet", "mvg", "hoogachtend"),
    *("met groet", "groeten", "saludos", "un saludo", "atentamente", "cordialmente", "un cordial saludo", "reciba un cordial"),
    *("cordiali saluti", "distinti saluti", "saluti", "un cordiale saluto", "in attesa di", "grazie e saluti"),
    *("sent from my", "von meinem", "envoyé de mon", "envoyé depuis", "enviado desde mi", "verzonden vanaf mijn"),
    *("inviato da", "get outlook for", "outlook für", "télécharger outlook", "gesendet mit", "obtener outlook"),
)
_NOTICES = (
    *("this e-mail", "this email", "this message", "diese e-mail", "diese nachricht", "ce message", "cet e-mail"),
    *("dit bericht", "deze e-mail", "este mensaje", "este correo", "questo messaggio", "questa e-mail"),
)
_CONFIDENTIAL = ("confiden", "vertraul", "vertrouwel", "riservat", "intended", "bestimmt", "destin", "bestemd")
_PREFIX = re.compile(r"^\s*((re|aw|fw|fwd|wg|antw|antwort|sv|rv|rif|ref|tr|i|r)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}")


class _Reader(HTMLParser):
    """Writes down what is shown, without what mail programs mark as quoted."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts = []
        self.unread = []
        self.pre = 0

    def handle_starttag(self, tag, attrs):
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag in _VOID:
            return
        if tag == "pre":
            self.pre += 1
        marks = " ".join(value.lower() for name, value in attrs if name in ("class", "id") and value)
        if self.unread or tag in _UNREAD or any(mark in marks for mark in _QUOTE_MARKS):
            self.unread.append(tag)

    def handle_endtag(self, tag):
        if tag == "pre":
            self.pre = max(self.pre - 1, 0)
        if tag in self.unread:
            while self.unread.pop() != tag:
                pass
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.unread:
            self.parts.append(data if self.pre else re.sub(r"\s+", " ", data))


def to_text(html):
    """Return the text of ``html`` that is not marked as quoted; plain text in ``<pre>`` keeps its lines.

    >>> to_text("<div>Paid&nbsp;already.<br>Bye</div><blockquote>Please pay</blockquote>")
    'Paid already.\\nBye'
    >>> to_text("<style>p {}</style><p>One</p><p>Two")
    'One\\n\\nTwo'
    """
    reader = _Reader()
    reader.feed((html or "")[:SOURCE_LIMIT])
    reader.close()
    text = "".join(reader.parts).replace("\xa0", " ").replace("\r", "")
    lines = [line.strip()[:LINE_LIMIT] for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def new_text(text, ours=""):
    """Return what is new in the ``text`` of a mail; ``ours``: the text of the message that it answers.

    >>> new_text("Paid on Monday.\\n\\nOn Tue, 3 Mar 2026 at 10:12, Us <us@x.example> wrote:\\n> Please pay")
    'Paid on Monday.'
    >>> new_text("Bezahlt.\\n\\nMit freundlichen Grüßen\\nAnna\\nPS: Bitte neue Adresse notieren")
    'Bezahlt.\\n\\nPS: Bitte neue Adresse notieren'
    >>> new_text("> Please pay\\n\\nWe paid.", ours="Please pay")
    'We paid.'
    """
    lines = (text or "")[:SOURCE_LIMIT].split("\n")
    own = {_plain(line) for line in (ours or "").split("\n") if len(line.strip()) >= 15}
    kept, position = [], 0
    while position < len(lines):
        line = lines[position].strip()[:LINE_LIMIT]
        length = _attribution(lines, position)
        if length:
            position += length
            rest = [each for each in lines[position:] if each.strip()]
            if not rest or not rest[0].lstrip().startswith(">"):
                break
            continue
        if _is_original(line) or _is_header_block(lines, position):
            break
        if _is_closing(line):
            kept += _postscript(lines[position + 1 :])
            break
        if not line.startswith((">", "|")) and _plain(line) not in own:
            kept.append(line)
        position += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()[:TEXT_LIMIT]


def own_subject(subject):
    """Return a subject without the marks of an answer.

    >>> own_subject("AW: Re: Your invoice")
    'Your invoice'
    """
    return _PREFIX.sub("", (subject or "")[:LINE_LIMIT]).strip()


def _plain(line):
    return " ".join(line.split()).casefold()


def _attribution(lines, position):
    """Return over how many lines somebody "wrote on" some day, 0 when they say something else."""
    for length in (1, 2, 3):
        if not "".join(lines[position + length - 1 : position + length]).strip():
            return 0
        joined = " ".join(line.strip() for line in lines[position : position + length])
        if len(joined) > 400 or not joined:
            return 0
        folded = joined.casefold().lstrip("*- ")
        if folded.rstrip("* ").endswith(":") and any(word in folded for word in _WROTE):
            named = "@" in folded or _CLOCK.search(folded)
            return length if named or (folded.startswith(_ON) and re.search(r"\d", folded)) else 0
        if not folded.startswith(_ON):
            return 0
    return 0


def _is_original(line):
    folded = line.casefold()
    if re.fullmatch(r"_{10,}", line):
        return True
    return folded.startswith(("--", "__", "begin forwarded message", "anfang der weitergeleiteten")) and (
        folded.startswith(("begin", "anfang")) or any(words in folded for words in _ORIGINAL)
    )


def _is_header_block(lines, position):
    first = lines[position].strip().lstrip("*").casefold()
    if not first.startswith(_FROM):
        return False
    following = [line.strip().lstrip("*").casefold() for line in lines[position + 1 : position + 7]]
    return sum(line.startswith(_HEADERS) for line in following) >= 2


def _is_closing(line):
    folded = line.casefold().strip(" ,.!*")
    if line.rstrip() == "--" or folded.startswith(_CLOSINGS) and len(folded) <= 70:
        return True
    return folded.startswith(_NOTICES) and any(word in folded for word in _CONFIDENTIAL)


def _postscript(lines):
    """What people add below their name is still meant for us."""
    for position, line in enumerate(lines[:30]):
        if line.strip().casefold().startswith(("ps:", "p.s.", "ps ", "nb:")):
            return ["", line.strip()[:LINE_LIMIT]]
        if _is_original(line) or _attribution(lines, position):
            break
    return []
