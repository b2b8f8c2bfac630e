"""The exceptions for wrong use: a claim, a domain or an option that breaks a rule."""


class UsageError(ValueError):
    """Something that was asked for or written down breaks a rule.

    The message names the thing, shows the value, says the rule and the remedy. The command line
    prints it without a traceback and exits with 2.
    """


class Malformed(UsageError):
    """A claim whose prediction is no formula in its domain's names.

    Told apart from other wrong use, for that may also be a measurement's, and then is its crash.
    """


class Underivable(UsageError):
    """What a user gave to derive a formula from has none, or is malformed: his claim's verdict."""
