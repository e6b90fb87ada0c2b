"""python -m benchmarks.training COMMAND: train this project's ALS and other libraries alternately and compare."""

from __future__ import annotations

import argparse

from benchmarks.training import curve, environments, epochs, fits, report, steps, tuning

COMMANDS = {
    "install": environments,
    "tune": tuning,
    "epochs": epochs,
    "fit": fits,
    "curve": curve,
    "steps": steps,
    "report": report,
}
"""Each module has `add_options` and `run`."""


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        first_line = (module.__doc__ or "").splitlines()[0]
        command = commands.add_parser(
            name,
            help=first_line,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_options(command)
        command.set_defaults(run=module.run)
    asked = parser.parse_args()
    asked.run(asked)


if __name__ == "__main__":
    main()
