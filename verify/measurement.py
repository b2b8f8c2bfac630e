"""What a measurement hands over: a value with error bounds, a count, a series, or an exact number.

The bounds come from the numerics alone (two resolutions, a bracket, replicas), never from a
comparison with the prediction. Statistical error and numerical bias are kept apart, because they
are cured by different means: more draws, or a finer computation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike


def real(value: Any, what: str) -> np.ndarray:
    """The value as float64, or `TypeError` if it is complex, a truth value or text.

    NumPy would drop an imaginary part and read "1.5" as a number; here neither is a measurement.
    """
    array = np.asarray(value)
    if array.dtype.kind in "cbUSV" or (array.dtype.kind == "O" and _unreal(array)):
        raise TypeError(f"{what} is {value!r} ({array.dtype}); give real numbers.")
    return array.astype(float)


def _unreal(array: np.ndarray) -> bool:
    return any(isinstance(one, complex | bool | str | bytes) or one is None for one in array.flat)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What every measurement carries besides its numbers.

    **Fields:**

    - `converged`: whether the numerics did what they were asked to; a False never verifies.
    - `note`: one sentence on what went wrong or is worth knowing.
    - `arrays`: named arrays to keep beside the results (a trajectory, a sweep).
    """

    converged: Any = True
    note: Any = ""
    arrays: Mapping[str, ArrayLike] = field(default_factory=dict)

    #: Whether the fields are floats, or kept as they are.
    in_floats: ClassVar[bool] = True
    #: How many array axes one single measurement has, by field; a batch has one more in front.
    axes: ClassVar[Mapping[str, int]] = {}

    @property
    def kept(self) -> Mapping[str, ArrayLike]:
        """The arrays to keep beside the results."""
        return self.arrays

    def split(self, n: int) -> list[Self]:
        """The `n` single measurements of a batch, whose fields may carry a leading axis of n."""
        optional = {one.name for one in dataclasses.fields(self) if one.default is None}
        left_out = {name for name in optional if getattr(self, name) is None}
        given = {name: axes for name, axes in self.axes.items() if name not in left_out}
        parts = {name: _rows(self._checked(name), n, axes) for name, axes in given.items()}
        parts["converged"] = _rows(self._checked("converged"), n, 0)
        parts["note"] = [self.note] * n if isinstance(self.note, str) else list(self.note)
        if len(parts["note"]) != n:
            raise ValueError(
                f"a batch of {n} points was measured, with {len(parts['note'])} notes."
            )
        # A single point's arrays are its own, whatever their length.
        batched = any(np.ndim(getattr(self, name)) > axes for name, axes in given.items())
        rows = [{name: values[i] for name, values in parts.items()} for i in range(n)]
        arrays = {name: _kept(name, value) for name, value in self.arrays.items()}
        return [
            dataclasses.replace(
                self,
                **row,
                arrays={
                    k: v[i] if batched and v.ndim and len(v) == n else v for k, v in arrays.items()
                },
            )
            for i, row in enumerate(rows)
        ]

    def _checked(self, name: str) -> Any:
        """The field, of a type that can be relied on."""
        value = getattr(self, name)
        what = f"{type(self).__name__}.{name}"
        if name == "converged":
            if np.asarray(value).dtype.kind != "b":
                raise TypeError(f"{what} is {value!r}; give True or False.")
            return value
        return real(value, what) if self.in_floats else value


def _kept(name: Any, value: Any) -> np.ndarray:
    """An array that can be stored under its name."""
    array = np.asarray(value)
    if not isinstance(name, str) or array.dtype == object:
        raise TypeError(f"arrays[{name!r}] is {value!r}; give text for a name, numbers for values.")
    return array


def _rows(value: Any, n: int, axes: int) -> list[Any]:
    array = np.asarray(value)
    if array.ndim <= axes:  # shared by the whole batch
        return [array if axes else array.item() if array.dtype != object else value] * n
    if array.ndim != axes + 1 or len(array) != n:
        raise ValueError(
            f"a batch of {n} points was measured, but a field came back with shape {array.shape}; "
            f"give it a leading axis of length {n}."
        )
    return list(array) if axes else array.tolist()


@dataclass(frozen=True)
class Measurement(Measured):
    r"""A number $m$ with a standard error and a bound on its numerical bias.

    **Fields:** (scalars; in a batch of n points arrays of shape `(n,)`)

    - `value`: the measured number.
    - `stderr`: standard error of the mean of random draws; 0 where nothing is random.
    - `bias`: a bound on the deterministic error (discretisation, a bracket's half-width).
    - `dof`: degrees of freedom behind `stderr`, for Student's t.
    """

    value: Any
    stderr: Any = 0.0
    bias: Any = 0.0
    dof: Any = float("inf")

    axes = {"value": 0, "stderr": 0, "bias": 0, "dof": 0}  # noqa: RUF012 (a ClassVar above)

    @classmethod
    def mean(cls, draws: ArrayLike, *, bias: float = 0.0) -> Measurement:
        r"""The mean of independent draws along the last axis, with its standard error.

        A mean of n draws is as good as normal only if their skewness $\gamma$ is small beside
        $\sqrt n$. The standard error is widened by $2 |\gamma|/\sqrt n$ of itself (the first
        term of Edgeworth's expansion, far out in the tail). Where that is beyond a half, or where
        all draws are equal, too few were taken to know their spread: `converged` is then False.
        Count rare events with `Count`, whose interval is exact.
        """
        y = real(draws, "a draw")
        n = y.shape[-1] if y.ndim else 0
        if n < 2:
            raise ValueError(f"{n} draws give no standard error; take at least 2.")
        mean, spread = np.mean(y, axis=-1), np.std(y, axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            third = np.mean((y - mean[..., None]) ** 3, axis=-1)
            skewed = np.abs(third) / spread**3 / np.sqrt(n)
        settled = ~(skewed > 0.25) & ~(spread == 0)  # NaN is told of as the value itself
        stderr = spread / np.sqrt(n - 1) * (1 + 2 * np.nan_to_num(skewed))
        note = np.where(settled, "", f"{n} draws are too few to know their spread; take more")
        return cls(
            mean, stderr, bias, dof=float(n - 1), converged=settled,
            note=note.tolist(),
        )  # fmt: skip

    @classmethod
    def bracket(
        cls, lo: ArrayLike, hi: ArrayLike, *, converged: Any = True, note: Any = ""
    ) -> Self:
        """A value known to lie between `lo` and `hi`: the midpoint, with half the width as bias."""
        low, high = real(lo, "the lower end"), real(hi, "the upper end")
        return cls((low + high) / 2, bias=np.abs(high - low) / 2, converged=converged, note=note)


@dataclass(frozen=True)
class Count(Measured):
    """How often an event happened: `successes` of `trials` independent runs."""

    successes: Any
    trials: Any

    axes = {"successes": 0, "trials": 0}  # noqa: RUF012


@dataclass(frozen=True)
class Paired(Measured):
    """Two events watched in the same `trials` runs: how often only the one or the other happened.

    Runs that share their seeds are such pairs. What happened in both or in neither says nothing of
    the difference, and does not blur it.
    """

    only_first: Any
    only_second: Any
    trials: Any

    axes = {"only_first": 0, "only_second": 0, "trials": 0}  # noqa: RUF012

    @classmethod
    def of(cls, first: ArrayLike, second: ArrayLike) -> Paired:
        """From whether each event happened, run by run: truth values, shape `(…, runs)`."""
        one, other = np.asarray(first), np.asarray(second)
        if one.dtype != bool or other.dtype != bool or one.shape != other.shape or not one.ndim:
            raise TypeError(
                f"events of shapes {one.shape} ({one.dtype}) and {other.shape} ({other.dtype}); "
                "give truth values, run by run, of the same runs."
            )
        return cls(
            np.sum(one & ~other, axis=-1), np.sum(other & ~one, axis=-1), one.shape[-1]
        )  # fmt: skip


@dataclass(frozen=True)
class Series(Measured):
    """A positive quantity `y` along `x` (time, width, step): the raw material of a rate or a limit.

    **Fields:** (shape `(m,)`; in a batch `(n, m)`)

    - `x`: where it was measured, increasing and positive.
    - `y`: what was measured.
    - `stderr`: standard error of `y`, scalar or like `y`.
    - `bias`: bound on the numerical error of `y`, scalar or like `y`.
    - `dof`: degrees of freedom behind each `stderr` (replicas less one), a number.
    - `runs`: the single runs behind `y`, shape `(r, m)`, or None; see `of_runs`.

    The errors at different x are taken to be independent. Where every run is followed along x they
    are not: a run that is high early stays high. Then give the runs, by `Series.of_runs`.
    """

    x: Any
    y: Any
    stderr: Any = 0.0
    bias: Any = 0.0
    dof: Any = float("inf")
    runs: Any = None

    axes = {"x": 1, "y": 1, "stderr": 1, "bias": 1, "dof": 0, "runs": 2}  # noqa: RUF012

    @property
    def kept(self) -> Mapping[str, ArrayLike]:
        """The series itself, for a picture of the law, and what was attached."""
        x = np.asarray(self.x, dtype=float)
        fields = {"x": x, "y": self.y, "stderr": self.stderr, "bias": self.bias}
        whole = {
            f"series.{name}": np.broadcast_to(np.asarray(value, dtype=float), x.shape)
            for name, value in fields.items()
        }
        return {**whole, **self.arrays}

    @classmethod
    def of_runs(cls, x: ArrayLike, runs: ArrayLike, *, bias: ArrayLike = 0.0) -> Series:
        """The mean of independent runs, shape `(r, m)`, each followed along all of x.

        Errors that belong together along a run are kept together: a rate is then judged by
        leaving out one run after the other.
        """
        y = real(runs, "a run")
        if y.ndim != 2 or len(y) < 2:
            raise ValueError(f"runs have shape {y.shape}; give at least 2 of one length, (r, m).")
        r = len(y)
        stderr = np.std(y, axis=0, ddof=1) / np.sqrt(r)
        return cls(x, np.mean(y, axis=0), stderr, bias, dof=float(r - 1), runs=y)


@dataclass(frozen=True)
class Exact(Measured):
    """An exact value (integer, fraction, or SymPy number) for a claim that is an identity."""

    value: Any

    in_floats = False
    axes = {"value": 0}  # noqa: RUF012


def as_batch(result: Any, n: int, name: str) -> list[Measured]:
    """Split what a measurement function returned for `n` points, or say what it should return."""
    if isinstance(result, Measured):
        return list(result.split(n))
    if isinstance(result, Sequence) and all(isinstance(one, Measured) for one in result):
        if len(result) != n:
            raise ValueError(f"`{name}` returned {len(result)} measurements for {n} points.")
        return list(result)
    raise TypeError(
        f"`{name}` returned {result!r} ({type(result).__name__}); return a Measurement(value, "
        "stderr, bias), a Count, a Series or an Exact, so that its error is known."
    )
