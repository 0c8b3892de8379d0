"""The parser of the arguments, which speaks the chosen language and says what was probably meant."""

import argparse
import difflib
from collections.abc import Collection, Iterable
from typing import NoReturn

from agent.language import later, tr

# argparse translates its own texts through its `_`; these are the ones that people meet.
ARGPARSE = (
    later("usage: "),
    later("positional arguments"),
    later("options"),
    later("show this help message and exit"),
    later("%(prog)s: error: %(message)s\n"),
    later("argument %(argument_name)s: %(message)s"),
    later("the following arguments are required: %s"),
    later("invalid choice: %(value)r (choose from %(choices)s)"),
    later("invalid %(type)s value: %(value)r"),
    later("expected one argument"),
    later("ignored explicit argument %r"),
    later("ambiguous option: %(option)s could match %(matches)s"),
)


class Parser(argparse.ArgumentParser):
    """Refuses what it does not know with the nearest thing that it does know."""

    def __init__(self, name: str, description: str) -> None:
        setattr(argparse, "_", tr)  # noqa: B010 - the hook that argparse has for this, though it has no type
        super().__init__(name, description=description, formatter_class=argparse.RawDescriptionHelpFormatter)

    def parse(self, words: list[str]) -> argparse.Namespace:
        """As parse_args, with a hint for an option that is misspelt."""
        # Else what is intermixed takes it itself, and cuts off the seven letters of "usage: " in any language.
        self.usage = self.format_usage().removeprefix(tr("usage: "))
        known, unknown = self.parse_known_intermixed_args(words)  # WHAT --json WHAT too
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            self._refuse(unknown[0], options)
        return known

    def _refuse(self, word: str, options: Iterable[str]) -> NoReturn:
        hint = did_you_mean(word.partition("=")[0], options)
        self.error(tr("what is {word}", word=repr(word)) + (hint or tr("; see {prog} --help", prog=self.prog)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest of what is known, as the end of a sentence."""
    near = difflib.get_close_matches(word, list(known), 1)
    return tr("; did you mean {near}?", near=repr(near[0])) if near else ""


def add_action(parser: argparse.ArgumentParser, known: Collection[str], default: str | None = None) -> None:
    """The word that says what to do: one of these, or what was probably meant; needed if there is no default."""

    def action(given: str) -> str:
        if given not in known:
            hint = did_you_mean(given, known) or tr("; known: {known}", known=", ".join(known))
            raise argparse.ArgumentTypeError(tr("no action {name}", name=repr(given)) + hint)
        return given

    text = tr("one of {known}", known=", ".join(known))
    left_out = {} if default is None else {"nargs": "?", "default": default}
    parser.add_argument("action", type=action, metavar="ACTION", help=text, **left_out)  # type: ignore[arg-type]
