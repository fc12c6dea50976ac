"""Files of many kinds in one PDF: pictures on pages, PDF files as they are, other files attached.

A file that cannot be read stops nothing: it is told, and attached as it is.
"""

import io
import struct
import zlib
from collections import namedtuple

# Odoo closes the list of picture formats: these are opened by naming them
from PIL import (
    BmpImagePlugin,  # noqa: F401 - registers the format
    Image,
    ImageOps,
    ImageSequence,
    TiffImagePlugin,  # noqa: F401 - registers the format
    WebPImagePlugin,  # noqa: F401 - registers the format
)

from odoo.tools.pdf import DependencyError, OdooPdfFileWriter, PdfFileReader, PdfReadError

#: width and height of upright paper in pixels, at 150 dots an inch
DPI = 150
PAPERS = {'a4': (1240, 1754), 'letter': (1275, 1650)}
MARGIN = 59  # a centimetre
QUALITY = 85
MOST_FRAMES = 200

#: what becomes of a file
PAGES, ATTACHED, PROTECTED, UNREADABLE = 'pages', 'attached', 'protected', 'unreadable'
#: what readers stumble over in broken files
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    DependencyError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    NotImplementedError,
    OSError,
    PdfReadError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

Source = namedtuple('Source', 'name mimetype content')
#: a file, what becomes of it, the PDF made of it, and how many pages that has
Piece = namedtuple('Piece', 'name status content pages')


def prepare(source, paper='a4'):
    """What can be done with a file.

    :param Source source: the file
    :param str paper: ``a4`` or ``letter``, for pictures
    :return Piece: a PDF of it where it can be read; else the file itself, to be attached
    """
    status, content, pages = _convert(source, paper)
    return Piece(source.name, status, content if status == PAGES else source.content, pages)


def assemble(front, sections):
    """One PDF with bookmarks: the front first, then section by section.

    :param tuple front: title and PDF, of what stands before all others
    :param sections: title and pieces of each
    :return bytes: the PDF
    """
    writer, names = OdooPdfFileWriter(), set()
    title, content = front
    _append(writer, content)
    _mark(writer, title, 0)
    for title, pieces in sections:
        parent = None
        for piece in pieces:
            if piece.status == PAGES:
                first = len(writer.pages)
                _append(writer, piece.content)
                parent = _mark(writer, title, first) if parent is None else parent
                _mark(writer, piece.name, first, parent)
            elif piece.content:
                writer.add_attachment(_get_free_name(piece.name, names), piece.content)
    return _write(writer)


def _convert(source, paper):
    """Status, PDF and number of pages of a file."""
    try:
        if source.mimetype == 'application/pdf':
            return _convert_pdf(source.content)
        if source.mimetype.startswith('image/') and 'svg' not in source.mimetype:
            return _convert_picture(source.content, paper)
    except BROKEN:
        return UNREADABLE, b'', 0
    return (ATTACHED if source.content else UNREADABLE), b'', 0


def _convert_pdf(content):
    """A PDF written anew: one that breaks half way must not leave half of it."""
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    if reader.isEncrypted and not reader.decrypt(''):
        return PROTECTED, b'', 0
    writer = OdooPdfFileWriter()
    for page in reader.pages:
        writer.addPage(page)
    pages = len(reader.pages)
    return (PAGES if pages else UNREADABLE), _write(writer), pages


def _convert_picture(content, paper):
    """A picture, each frame on a page of its own, turned as it was taken."""
    with Image.open(io.BytesIO(content)) as picture:
        frames = ImageSequence.Iterator(picture)
        pages = [_get_page(frame, paper) for _number, frame in zip(range(MOST_FRAMES), frames, strict=False)]
    buffer = io.BytesIO()
    pages[0].save(buffer, 'PDF', resolution=DPI, quality=QUALITY, save_all=True, append_images=pages[1:])
    return PAGES, buffer.getvalue(), len(pages)


def _get_page(frame, paper):
    """A sheet with a picture in its middle; the sheet lies where the picture does."""
    picture = ImageOps.exif_transpose(frame)
    if picture.mode in ('RGBA', 'LA', 'PA') or 'transparency' in picture.info:
        clear = picture.convert('RGBA')
        picture = Image.alpha_composite(Image.new('RGBA', clear.size, 'white'), clear)
    picture = picture.convert('RGB')
    size = PAPERS[paper]
    if picture.width > picture.height:
        size = size[::-1]
    picture.thumbnail((size[0] - 2 * MARGIN, size[1] - 2 * MARGIN))
    page = Image.new('RGB', size, 'white')
    page.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return page


def _append(writer, content):
    for page in PdfFileReader(io.BytesIO(content), strict=False).pages:
        writer.addPage(page)


def _mark(writer, title, page, parent=None):
    """A bookmark, by whichever engine Odoo has."""
    add = getattr(writer, 'add_outline_item', None) or writer.addBookmark
    return add(title, page, parent)


def _write(writer):
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _get_free_name(name, names):
    """A name that no other attached file has.

    >>> names = {'a.xlsx'}
    >>> _get_free_name('a.xlsx', names), _get_free_name('a.xlsx', names), _get_free_name('b', names)
    ('a (2).xlsx', 'a (3).xlsx', 'b')
    """
    stem, dot, ending = name.rpartition('.') if '.' in name else (name, '', '')
    found, number = name, 1
    while found in names:
        number += 1
        found = f'{stem} ({number}){dot}{ending}'
    names.add(found)
    return found
