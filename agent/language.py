"""What people read exists in Chinese and English: gettext catalogues, chosen by --lang or the locale."""

import errno
import gettext
import os
from pathlib import Path

_LOCALE_DIR = Path(__file__).parent / "locale"
_current: gettext.NullTranslations = gettext.NullTranslations()
_chinese = False


def use_language(name: str | None = None) -> None:
    """Choose `zh` or `en`; None asks LC_ALL, LC_MESSAGES and LANG in that order."""
    global _current, _chinese
    wanted = name or next((v for k in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(k))), "en")
    _chinese = wanted.lower().startswith("zh")
    _current = gettext.translation("campusgw", _LOCALE_DIR, languages=["zh_CN"] if _chinese else [], fallback=True)


def later(text: str) -> str:
    """A text that `tr` translates when it is shown; here it is only found for the catalogue."""
    return text


def tr(text: str, /, **values: object) -> str:
    """The text in the chosen language, with `{name}` fields filled in."""
    translated = _current.gettext(text)
    return translated.format(**values) if values else translated


def either(en: str, zh: str) -> str:
    """Of a text that a file gives in both languages, the one in the chosen language."""
    return zh if _chinese else en


def why_not(error: OSError) -> str:
    """What the system refused, in the chosen language where it is something that people meet."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return tr("it is not there")
        case errno.EACCES | errno.EPERM:
            return tr("permission denied")
        case errno.ENOSPC:
            return tr("the disk is full")
        case errno.EROFS:
            return tr("the disk is read-only")
        case errno.EIO:
            return tr("the disk has a fault")
        case errno.ECONNREFUSED:
            return tr("nobody listens there")
        case errno.EEXIST:
            return tr("a file is in the way")
        case errno.EISDIR:
            return tr("it is a directory")
        case errno.ETIMEDOUT:
            return tr("no answer in time")
    return error.strerror or str(error) or tr("no answer in time")
