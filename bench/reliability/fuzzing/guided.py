"""One target under atheris, in a process of its own: `python -m bench.reliability.fuzzing.guided TARGET …`.

What follows the target are libFuzzer's arguments. It keeps what reaches new code and goes on from there; a crash,
a hang and too much memory end the process, and the input is left as a file.
"""

import logging
import random
import sys

import atheris  # type: ignore[import-untyped]

INSTRUMENTED = ["agent", "drivers", "simulators"]


def fuzz(name: str, arguments: list[str]) -> None:
    """Does not return: libFuzzer ends the process."""
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.target import Target
        from tests.fuzz.targets import TARGETS
    logging.disable(logging.CRITICAL)
    target: Target = TARGETS[name]
    for meal in target.meals():
        target(meal)  # what is made once is made before anybody measures

    def mutated(given: bytes, most: int, seed: int) -> bytes:
        spoiled: bytes = atheris.Mutate(given, most)
        seal = target.sealed if random.Random(seed).random() < 0.5 else None
        return (spoiled if seal is None else seal(spoiled))[:most]

    atheris.Setup([sys.argv[0], *arguments], target, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], sys.argv[2:])
