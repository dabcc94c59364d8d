"""How the documents of a corpus map are laid out on the plane.

The usual way is principal component analysis (Pearson, "On lines and planes of closest fit to
systems of points in space", 1901): at once, without further libraries, and linear. UMAP (McInnes,
Healy and Melville, 2018) and PaCMAP (Wang, Huang, Rudin and Shaposhnik, 2021) show groups more
clearly, take longer, and need a library each. What they have not seen lies among the documents
that it is nearest to.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from search.encoders.base import Embeddings
from search.errors import SettingError

#: The ways, the usual one first.
LAYOUTS = ("pca", "umap", "pacmap")

#: How many directions the embeddings are brought down to before they are laid out otherwise.
_REDUCED = 50
#: Fewer documents than that are laid out in the usual way.
_FEWEST = 20
#: How many documents the axes are laid by, and how many serve as landmarks.
_FITTED = 50_000
_LANDMARKS = 20_000
#: How many landmarks have a say in where something lies, and how fast it falls with the cosine.
_NEIGHBOURS = 8
_SPREAD = 0.05
#: The share of documents beyond the rim on each side; they are put onto it.
_BEYOND = 0.005
_AT_ONCE = 1024

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Puts embeddings onto the plane.

    Attributes:
        origin: What is taken from an embedding first, float32, shape ``(dimension,)``.
        axes: The directions it is then brought down to, float32: two, scaled to the plane; or some
            more, if there are landmarks.
        landmarks: Documents brought down to these, unit rows; none where the axes are the plane's.
        places: Where they lie, float32, shape ``(landmarks, 2)``.
    """

    origin: Embeddings
    axes: Embeddings
    landmarks: Embeddings
    places: Points

    @property
    def fits(self) -> bool:
        """Whether its parts have shapes that go together."""
        count, width = self.landmarks.shape
        return (
            self.axes.shape == (len(self.origin), width)
            and self.places.shape == (count, 2)
            and (count > 0 or width == 2)
        )

    def put(self, embeddings: Embeddings) -> Points:
        """Where embeddings lie.

        Args:
            embeddings: float32, shape ``(n, dimension)``, unit rows.

        Returns:
            float32, shape ``(n, 2)``, from -1 to 1.
        """
        reduced = (embeddings - self.origin) @ self.axes
        if len(self.landmarks):
            parts = (
                self._among_landmarks(_unit(reduced[start : start + _AT_ONCE]))
                for start in range(0, len(reduced), _AT_ONCE)
            )
            reduced = np.concatenate([*parts, np.empty((0, 2), np.float32)])
        points: Points = np.clip(reduced, -1.0, 1.0).astype(np.float32)
        return points

    def _among_landmarks(self, reduced: Embeddings) -> Points:
        cosines = reduced @ self.landmarks.T
        count = min(_NEIGHBOURS, len(self.landmarks))
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        near = np.take_along_axis(cosines, nearest, axis=1)
        weights = np.exp((near - near.max(axis=1, keepdims=True)) / _SPREAD)
        weights /= weights.sum(axis=1, keepdims=True)
        points: Points = np.einsum("nk,nkd->nd", weights, self.places[nearest])
        return points


def lay_out(embeddings: Embeddings, layout: str) -> tuple[Points, Projection]:
    """Lay documents out on the plane.

    Args:
        embeddings: The documents' embeddings, float32, shape ``(n, dimension)``, unit rows.
        layout: One of `LAYOUTS`.

    Returns:
        Their places, float32, shape ``(n, 2)``, from -1 to 1, and what puts others among them.

    Raises:
        SettingError: The library that the layout needs is not installed.
    """
    reducer = reducer_for(layout)
    if reducer is None or len(embeddings) < _FEWEST:
        origin, axes = _axes(embeddings, 2)
        reach = _reach((embeddings - origin) @ axes)
        none = np.empty((0, 2), np.float32)
        projection = Projection(origin, (axes / reach).astype(np.float32), none, none)
        return projection.put(embeddings), projection
    origin, axes = _axes(embeddings, min(_REDUCED, embeddings.shape[1]))
    reduced = _unit((embeddings - origin) @ axes)
    laid = np.asarray(reducer.fit_transform(reduced), dtype=np.float64)
    laid -= np.median(laid, axis=0)
    points: Points = np.clip(laid / _reach(laid), -1.0, 1.0).astype(np.float32)
    some = slice(None, None, -(-len(reduced) // _LANDMARKS))
    return points, Projection(origin, axes, reduced[some], points[some])


def reducer_for(layout: str) -> Any:
    """What lays out in another way than the usual one; None for that.

    Args:
        layout: What ought to be one of `LAYOUTS`.

    Raises:
        SettingError: There is no such layout, or the library that it needs is not installed.
    """
    if layout not in LAYOUTS:
        raise SettingError(f"There is no map layout {layout!r}.", f"Use {' or '.join(LAYOUTS)}.")
    if layout == LAYOUTS[0]:
        return None
    name, package = {"umap": ("UMAP", "umap-learn"), "pacmap": ("PaCMAP", "pacmap")}[layout]
    try:
        made = getattr(import_module(layout), name)
    except ImportError as error:
        raise SettingError(
            f"The map layout {layout} needs the library {package}, which is not installed.",
            f"Install it with: pip install {package}. Or use --map-layout pca.",
        ) from error
    metric = {"metric": "cosine"} if layout == "umap" else {}
    return made(n_components=2, random_state=1, **metric)


def _axes(embeddings: Embeddings, count: int) -> tuple[Embeddings, Embeddings]:
    """The middle of the embeddings, and the directions in which they differ most."""
    number, dimension = embeddings.shape
    if number < 3:
        return np.zeros(dimension, np.float32), np.eye(dimension, count, dtype=np.float32)
    sample = embeddings[:: -(-number // _FITTED)]
    origin: Embeddings = sample.mean(axis=0)
    centred = (sample - origin).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    axes = directions[:, : -count - 1 : -1]
    # The signs of the directions are arbitrary: the greatest part of each is made positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return origin, axes.astype(np.float32)


def _reach(placed: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """How far the points go each way, but for the very last of them."""
    if len(placed) < 3:
        return np.ones(2)
    reach: npt.NDArray[np.float64] = np.quantile(np.abs(placed), 1.0 - 2.0 * _BEYOND, axis=0)
    return np.maximum(reach, 1e-9)


def _unit(rows: npt.NDArray[Any]) -> Embeddings:
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    unit: Embeddings = (rows / lengths).astype(np.float32)
    return unit
