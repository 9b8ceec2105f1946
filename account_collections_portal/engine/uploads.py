"""What a customer may send along: told by what is inside, never by the name. Pure: bytes in, words out."""

import re

MAX_FILES = 5
MAX_BYTES = 8 * 1024 * 1024
_KINDS = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"GIF87a", "image/gif", "gif"),
    (b"GIF89a", "image/gif", "gif"),
)
_NOT_IN_NAMES = re.compile(r"[^\w .()-]+")


def sniff(content: bytes) -> tuple[str, str] | None:
    """Return (mimetype, extension) of a PDF or picture, None for anything else.

    >>> sniff(b"%PDF-1.7 ..."), sniff(b"RIFF....WEBPVP8 ")
    (('application/pdf', 'pdf'), ('image/webp', 'webp'))
    >>> sniff(b"<svg onload=alert(1)>"), sniff(b"MZ"), sniff(b"")
    (None, None, None)
    """
    for start, mimetype, extension in _KINDS:
        if content.startswith(start):
            return mimetype, extension
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp", "webp"
    return None


def safe_name(name: str, extension: str) -> str:
    """Return a file name that is only a name, with the extension of what is inside.

    >>> safe_name("../../etc/passwd", "pdf"), safe_name("Überweisung 3.PDF", "pdf"), safe_name("x.pdf.exe", "png")
    ('passwd.pdf', 'Überweisung 3.pdf', 'x.pdf.png')
    >>> safe_name("<script>.jpg", "jpg"), safe_name("", "pdf")
    ('script.jpg', 'file.pdf')
    """
    base = re.split(r"[\\/]", name or "")[-1]
    base = base.rsplit(".", 1)[0] if "." in base else base
    base = _NOT_IN_NAMES.sub("", base).strip(" .")[:80]
    return f"{base or 'file'}.{extension}"
