"""Hypothesis profiles for tests of numerical claims: `dev` for work, `ci` for a repeatable run."""


def register() -> None:
    """Register the profiles `dev` and `ci` with Hypothesis, without loading either.

    Neither has a deadline: the first example compiles what the later ones reuse, so that the time
    of one example says nothing. `ci` draws the same examples in every run and prints what repeats
    a failure.
    """
    from hypothesis import HealthCheck, settings

    settings.register_profile("dev", deadline=None)
    settings.register_profile(
        "ci",
        deadline=None,
        derandomize=True,
        print_blob=True,
        database=None,
        # How busy the machine is, is no property of the code.
        suppress_health_check=[HealthCheck.too_slow],
    )
