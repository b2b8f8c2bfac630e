r"""The closed forms of matrix sensing, and where each is derived.

| form | of | in |
| --- | --- | --- |
| `symmetric noise` | $x' = -x^3$: error $(\lambda/(1 + 2 \lambda t))^2$, slope, constant | scalar |
| `symmetric signal` | $x' = (\sigma - x^2) x$, and how it settles | scalar |
| `symmetric matrix` | $X' = (\Sigma - X X^T) X$ from any start, and its lower bound | riccati |
| `asymmetric noise` | $f' = -f g^2$, $g' = -g f^2$, of imbalance c or none | imbalance |
| `asymmetric signal` | towards $\sigma$, at the rate $\sqrt{c^2 + 4 \sigma^2}$ | imbalance |
| `imbalanced matrix` | $F G^T$ where $F^T F - G^T G = c I$ | balanced |
| `descent of noise` | $\lambda \leftarrow \lambda (1 - \eta \lambda)^2$, two bounds | descent |
| `drift` | of $F^T F - G^T G$ in a step | descent |
| `linear rates` | $-2 \ln(1 - \eta \mu)$ by the Hessian where descent ends | descent |
| `modified step` | $F^T F = \beta^2 I$, the product kept | descent |
| `measured slope` | what m measurements add to the exponent of 1/T^2 | turning |
| `signs` | the mean of $A \operatorname{sign}(\langle A, X \rangle - s)$, and outliers | signs |

`FORMS` has the derivations of each by these names. The last column names the module: `scalar` is
`lemmata.theory.sensing_scalar`.

>>> FORMS["drift"][0]().holds()
True
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lemmata.theory import (
    sensing_balanced,
    sensing_descent,
    sensing_imbalance,
    sensing_riccati,
    sensing_scalar,
    sensing_signs,
    sensing_turning,
)
from lemmata.theory.derivation import Derivation

Forms = tuple[Callable[[], Derivation], ...]

#: the functions that derive each form, and what they rest on
FORMS: Mapping[str, Forms] = MappingProxyType(
    {
        "symmetric noise": (
            sensing_scalar.noise, sensing_scalar.noise_error, sensing_scalar.noise_slope,
            sensing_scalar.crossover, sensing_scalar.late_constant,
        ),
        "symmetric signal": (sensing_scalar.signal, sensing_scalar.signal_amplitude),
        "symmetric matrix": (
            sensing_riccati.product_flow, sensing_riccati.deviation_flow,
            sensing_riccati.solution, sensing_riccati.noise_block, sensing_riccati.lower_bound,
        ),
        "asymmetric noise": (
            sensing_imbalance.product_equation, sensing_imbalance.noise,
            sensing_imbalance.noise_amplitude, sensing_imbalance.noise_factors,
            sensing_imbalance.balanced_noise, sensing_imbalance.thirds,
        ),
        "asymmetric signal": (sensing_imbalance.signal, sensing_imbalance.signal_rate),
        "imbalanced matrix": (
            sensing_balanced.imbalance, sensing_balanced.block_flow, sensing_balanced.solution,
            sensing_balanced.eigenvalue,
        ),
        "descent of noise": (
            sensing_descent.increment, sensing_descent.slowest, sensing_descent.fastest,
        ),
        "drift": (sensing_descent.drift,),
        "linear rates": (
            sensing_descent.linear_rate, sensing_descent.exact_rank_rate,
            sensing_descent.imbalanced_rate,
        ),
        "modified step": (sensing_descent.unbalanced_step,),
        "measured slope": (sensing_turning.excess, sensing_turning.exponent),
        "signs": (sensing_signs.along, sensing_signs.with_outliers),
    }
)  # fmt: skip
