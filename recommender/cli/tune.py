"""`alsobought tune`: search hyper-parameters and blend weights within a time budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.pipeline.tuning.tuned import Tuned


@click.command("tune")
@click.option(
    "--budget-minutes",
    type=click.FloatRange(min=0, max=100_000, min_open=True),
    default=10.0,
    show_default=True,
    help="How long to search; the trial that runs then is finished.",
)
@click.option("--trials", type=click.IntRange(min=1), help="End after so many more trials, be there time left or not.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of what is tried.")
@verb
def command(shell: Shell, budget_minutes: float, trials: int | None, seed: int) -> None:
    """Search options for for-you and also-bought and write them to tuned.toml.

    Validation users are cut from the training side by the same kind of split as `evaluate` makes; the test side is
    never looked at. What shop.toml sets is kept. A search that was cut off goes on where it was.
    """
    from recommender.cli.console import warning
    from recommender.cli.formats import printable
    from recommender.pipeline import tune

    config = shell.config(tuned=False)
    with shell.progress() as progress:
        tuned = tune.run(config, budget_minutes=budget_minutes, trials=trials, seed=seed, progress=progress)
    shell.answer(tuned.to_dict(), *_readable(tuned))
    if tuned.kept:
        shell.tell("", warning(f"set in shop.toml, so not tuned: {', '.join(tuned.kept)}"))
    shell.tell("", printable(tuned.note), "", "Next:", "  alsobought evaluate", "  alsobought train")


def _readable(tuned: Tuned) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, table

    yield facts(
        "",
        [
            (f"{tuned.metric} before", tuned.value_before),
            (f"{tuned.metric} now", tuned.value),
            ("validation users", tuned.n_users),
            ("trials", f"{tuned.n_trials} finished, {tuned.n_pruned} given up early, {tuned.n_failed} failed"),
        ],
    )
    yield ""
    if tuned.discounts:
        steps = [tuple(step.values()) for step in tuned.discounts]
        yield table("also-bought", ("popularity_discount", "recall", "coverage"), steps, right=(0, 1, 2))
        yield ""
    if not tuned.options:
        yield "Nothing better than the present options was found; tuned.toml holds none."
        return
    if tuned.importance:
        rows = [(name, value, _share(tuned, name)) for name, value in tuned.options.items()]
        yield table("tuned.toml", ("option", "value", "matters"), rows, right=(1, 2))
    else:
        yield table("tuned.toml", ("option", "value"), tuned.options.items(), right=(1,))


def _share(tuned: Tuned, name: str) -> str:
    return f"{tuned.importance[name]:.0%}" if name in tuned.importance else ""
