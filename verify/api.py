"""The vocabulary of a claim file: everything that one needs to write a claim and decide it.

>>> from lemmata.verify.api import Domain, Equal, Log, Measurement, Paper, claim
"""

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.certificate import Certificate
from lemmata.verify.claim import Claim, Paper, claim
from lemmata.verify.compare.bound import Bound
from lemmata.verify.compare.difference import Difference
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.frequency import Frequency, Reported
from lemmata.verify.compare.identity import Identity
from lemmata.verify.compare.limit import Limit
from lemmata.verify.compare.rate import Rate
from lemmata.verify.compare.sign import Sign
from lemmata.verify.compare.threshold import Threshold
from lemmata.verify.deferred import deferred
from lemmata.verify.domain import Condition, Domain, Point
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Integers, Interval, Log, Values
from lemmata.verify.measurement import Count, Exact, Measurement, Paired, Series
from lemmata.verify.prediction import Solved

__all__ = [
    "Accuracy",
    "Bound",
    "Certificate",
    "Claim",
    "Condition",
    "Count",
    "Difference",
    "Domain",
    "Equal",
    "Exact",
    "Frequency",
    "Identity",
    "Integers",
    "Interval",
    "Limit",
    "Log",
    "Measurement",
    "Paired",
    "Paper",
    "Point",
    "Rate",
    "Reported",
    "Series",
    "Sign",
    "Solved",
    "Threshold",
    "UsageError",
    "Values",
    "claim",
    "deferred",
]
