"""One claim in full, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from lemmata.verify import table
from lemmata.verify.claim import Claim, described
from lemmata.verify.loading import Located, catalogue
from lemmata.verify.prediction import predict
from lemmata.verify.run import replay
from lemmata.verify.settings import Settings
from lemmata.verify.store import Store


def describe(one: Located, store: Store) -> Iterator[str]:
    """Statement, source, domain, rule, derivation, last verdict, and neighbours in the graph."""
    claim = one.claim
    yield claim.id
    yield f"  says       {claim.says}"
    yield f"  source     {claim.source}"
    for name, text in (
        ("scope", claim.scope),
        ("reading", claim.reading),
        ("reported", claim.reported),
    ):
        if text:
            yield f"  {name:10} {text}"
    yield f"  domain     {', '.join(f'{n} in {a!r}' for n, a in claim.domain.axes.items())}"
    for condition in claim.domain.where:
        yield f"             where {condition.says}"
    yield f"  decided by {claim.compare.kind}: {claim.compare.because}"
    for method in claim.methods:
        yield f"  measured   {method.name}: {_sentence(described(method.measure))}"
    yield f"  expected   {claim.expected}{f': {claim.cause}' if claim.cause else ''}"
    yield f"  rests on   {', '.join(claim.uses) or 'nothing else'}"
    above = [one.claim.id for one in catalogue() if claim.id in one.claim.uses]
    yield f"  used by    {', '.join(above) or 'nothing else'}"
    yield ""
    yield from _derivation(claim)
    yield ""
    yield from _last(one, store)


def _derivation(claim: Claim) -> Iterator[str]:
    prediction = predict(claim)
    if prediction.derivation is None:
        formula = "a function" if prediction.expression is None else prediction.expression
        yield f"predicted: {formula} (not derived)"
        return
    yield "derivation:"
    yield from ("  " + line for line in prediction.derivation.to_text().splitlines())
    if prediction.expression is None:
        yield "predicted: a number that is found from it numerically"


def _last(one: Located, store: Store) -> Iterator[str]:
    last = store.last(one.claim.id)
    if last is None:
        yield f"no verdict yet; {replay(one, Settings())}"
        return
    record = last["claims"][0]
    yield f"last verdict ({last['manifest']['started']}):"
    yield from ("  " + line for line in table.details(record))
    evidence = ", ".join(record["evidence"]) or "none"
    yield f"    evidence    {'; '.join(filter(None, [evidence, record['derivation']]))}"
    yield from ("    " + line for line in table.certificate(record))
    yield f"    resolution  {table.resolution(record['resolution'])}"
    yield from ("    " + line for line in table.warnings(record))


def _sentence(doc: str) -> str:
    return (doc or "(no description)").strip().split("\n\n")[0].replace("\n", " ")
