"""When training goes from one task to the next, where several are learned one after another."""


def stage_ends(iterations: int, stages: int) -> list[int]:
    """Updates at the end of each of some equal stages.

    Raises:
        ValueError: for iterations that the stages cannot share equally.
    """
    length, rest = divmod(iterations, stages)
    if rest or not length:
        fitting = ([length * stages] if length else []) + [(length + 1) * stages]
        raise ValueError(
            f"{iterations} iterations cannot be shared equally by the {stages} stages of a curriculum; choose "
            f"{' or '.join(map(str, fitting))}"
        )
    return [length * (stage + 1) for stage in range(stages)]
