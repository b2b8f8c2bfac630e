"""The one exception for wrong use: a claim, a domain or an option that breaks a rule."""


class UsageError(ValueError):
    """Something that was asked for or written down breaks a rule.

    The message names the thing, shows the value, says the rule and the remedy. The command line
    prints it without a traceback and exits with 2.
    """
