"""What can go wrong with a bench; both end it with their text."""


class Missing(Exception):
    """This machine lacks something that the bench needs; the text says what to install."""


class BenchError(Exception):
    """A process of the bench did not do what it must; the text holds what it said."""


class Late(BenchError):
    """What the bench waited for has not come about in time; the text says what."""
