"""QR codes as inline SVG without styles, which the Content-Security-Policy forbids."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

BORDER = 4  # width of the quiet zone, in modules, that scanners need


def qr_code(text: str) -> SafeString:
    """Return a QR code, dark on light in both themes."""
    import qrcode  # noqa: PLC0415 - imports Pillow; few requests need it

    code = qrcode.QRCode(border=BORDER)
    code.add_data(text)
    rows = code.get_matrix()
    dots = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{0}v{0}H0z"/>'
        '<path fill="#000" d="{2}"/></svg>',
        len(rows),
        _("Código QR para o app"),
        dots,
    )
