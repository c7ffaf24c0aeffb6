"""Flat matplotlib axes as a small vector picture that follows the theme of its page.

The picture is an SVG for ``<img src="data:…">``: every notebook viewer shows it, also one that does
not trust the notebook and strips inline SVG, styles and scripts. Inside such a picture the media
feature ``prefers-color-scheme`` answers with the ``color-scheme`` of the place where it stands
(CSS Color Adjustment 1), so one picture serves light and dark pages; as it paints its own paper,
it can be read also where a page does not say what it is.
"""

import html
from collections.abc import Iterable
from itertools import pairwise
from urllib.parse import quote

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Ellipse
from matplotlib.path import Path
from matplotlib.ticker import LogFormatter, ScalarFormatter
from matplotlib.transforms import Affine2D

from labhelpers.figures.style import GRID, INK, MUTED, PAPER, dark_partner, decades
from labhelpers.figures.wording import AxisNumbers

#: In CSS pixels.
FONT_SIZE = 13
#: A letter's mean width.
LETTER = 0.56 * FONT_SIZE
#: A bend that leaves a line straight to this many pixels is left out: nobody sees it, and a run of
#: 2,000 steps has many.
UNSEEN = 0.3
#: CSS pixels to the point, in which matplotlib counts line widths.
_PIXELS = 96 / 72
_LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
#: What may stand as it is in an address within the double quotes of an attribute.
_PLAIN = " !'()*+,-./:;=@_{}"
_NOTHING = ("None", "none", "", " ")
#: What writes an axis's numbers if nobody chose. The course's pictures write them in its own way.
PYPLOT_NUMBERS = (LogFormatter, ScalarFormatter)


def number_width(text: str) -> float:
    """How wide the number of an axis is at most, also in a wide font."""
    return FONT_SIZE * (0.7 * len(text) - 0.35 * text.count("."))


def data_uri(svg: str) -> str:
    """The address of the picture itself, for an ``<img>``."""
    # A fifth shorter than in base64. Quotes stand around attributes alone, see `_text`.
    return "data:image/svg+xml," + quote(svg.replace('"', "'"), safe=_PLAIN)


def title_of(ax) -> str:
    """The title of `ax`: on the left as the course sets it, or in the middle as pyplot does."""
    return ax.get_title("left") or ax.get_title()


def draw_panel(axes, box: tuple[float, float, float, float], *, ours: bool = True) -> str:
    """The part `box` (left, top, width, height, in pixels) of a figure with these `axes`.

    In a dark theme the runs' colours change only where the figure is `ours`: among the colours of
    somebody else's, the one that takes their place might stand already.
    """
    picture = _Picture(axes[0].figure.bbox.height, ours=ours)
    reach = min(picture.add_axes(ax) for ax in axes)
    left, top, width, height = box
    more = max(0.0, left - reach)
    return picture.finish(left - more, top, width + more, height)


def draw_swatch(artist, *, ours: bool = True) -> str:
    """The picture beside an entry of a legend."""
    picture = _Picture(16.0, ours=ours)
    picture.add_line(artist, "M1 8h26")
    picture.add_markers(artist, np.array([[14.0, 8.0]]))
    return picture.finish(0, 0, 28, 16, paper=False)


def _short(value: float, digits: int = 1) -> str:
    """`value` rounded, without what a number needs not have."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    text = text.replace("-0.", "-.") if text[0] == "-" else text.removeprefix("0") or "0"
    return "0" if text == "-0" else text


def _joined(numbers: Iterable[str]) -> str:
    """`numbers` as path data: one that begins with a minus needs no blank before it."""
    return " ".join(numbers).replace(" -", "-")


def _outline(path: Path, transform) -> str:
    """Path data of a shape that may have curves."""
    return "".join(
        _LETTERS[code] + _joined(_short(n, 2) for n in points) if code in _LETTERS else "z"
        for points, code in path.iter_segments(transform, curves=True, simplify=False)
    )


def _whole(places: np.ndarray) -> list[list[int]]:
    """`places` in tenths of a pixel."""
    return np.round(10 * places).astype(int).tolist()


def _pair(x: int, y: int) -> str:
    """Tenths of a pixel as path data."""
    return _joined((_short(x / 10), _short(y / 10)))


def _with_room(numbers: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """All `numbers` (place and text), or every second, third, … if they would touch."""

    def apart(pair) -> bool:
        (here, text), (there, other) = pair
        return there - here > (number_width(text) + number_width(other)) / 2 + 4

    numbers = sorted(numbers)
    strides = range(1, len(numbers) + 1)
    return next((numbers[::n] for n in strides if all(map(apart, pairwise(numbers[::n])))), [])


class _Picture:
    """An SVG in the making; its coordinates are the figure's pixels, with y downward."""

    def __init__(self, height: float, *, ours: bool) -> None:
        self._height, self._ours = height, ours
        self._flip = Affine2D().scale(1, -1).translate(0, height)
        self._parts: list[str] = []
        self._names: dict[str, str] = {}
        self._clips: dict[str, str] = {}
        # The group of ellipses that is open: what they share, the way into it, their usual fill.
        self._turned: tuple | None = None

    def add(self, tag: str, look: str = "", inner: str = "", **numbers) -> None:
        self._parts.append(self._element(tag, look, inner, **numbers))

    @staticmethod
    def _element(tag: str, look: str = "", inner: str = "", **values) -> str:
        numbers = "".join(f' {name}="{value}"' for name, value in values.items())
        start = f"<{tag}{numbers} {look.strip()}".rstrip()
        return f"{start}>{inner}</{tag}>" if inner else f"{start}/>"

    def colour(self, color) -> str:
        """`color` as CSS: a variable if it differs between light and dark."""
        key = to_hex(color)
        if dark_partner(key, self._ours) == key:
            return key
        return f"var(--{self._names.setdefault(key, f'c{len(self._names)}')})"

    def stroke(self, color, width: float, alpha=None, dashes=None, fill="none") -> str:
        # The picture as a whole has no fill.
        text = f'fill="{fill}"' if fill != "none" else ""
        if width:
            text += f' stroke="{self.colour(color)}"'
            text += f' stroke-width="{width * _PIXELS:.3g}"' if width * _PIXELS != 1 else ""
        if alpha is not None:
            text += f' opacity="{alpha:g}"'
        if dashes:
            dashes = " ".join(f"{dash * _PIXELS:.3g}" for dash in dashes)
            text += f' stroke-linecap="butt" stroke-dasharray="{dashes}"'
        return text.strip()

    def add_axes(self, ax) -> float:
        """Draw `ax` with all that is on it; returns how far to the left its numbers reach."""
        ax.apply_aspect()
        left, bottom, right, top = ax.bbox.extents
        size = {"width": _short(right - left), "height": _short(top - bottom)}
        frame = {"x": _short(left), "y": _short(self._height - top)} | size
        whole = self._clip(self._element("rect", **frame))
        self._parts.append(f'<g clip-path="url(#{whole})">')
        if ax.axison:
            self.add("rect", f'fill="{self.colour(ax.get_facecolor())}"', **frame)
            ticks = self._ticks(ax.xaxis), self._ticks(ax.yaxis)
            if ax.xaxis.get_tick_params().get("gridOn"):
                grid = "".join(f"M{_short(x)} {frame['y']}v{frame['height']}" for x, _ in ticks[0])
                grid += "".join(f"M{frame['x']} {_short(y)}h{frame['width']}" for y, _ in ticks[1])
                self.add("path", f'stroke="{self.colour(GRID)}"', d=grid)
        by_depth = sorted([*ax.patches, *ax.lines], key=lambda artist: artist.get_zorder())
        lines = [artist for artist in by_depth if hasattr(artist, "get_xydata")]
        for artist in by_depth:
            if isinstance(artist, Ellipse):
                self._add_ellipse(artist)
            elif artist in lines:
                self.add_line(artist, self._shape(artist, ax.bbox))
        self._parts.append("</g>")
        # Unclipped: a mark on the frame is not cut in half.
        for line in lines:
            places = line.get_transform().transform(line.get_xydata())
            every = line.get_markevery() or 1
            places = places[::every] if isinstance(every, int) else places[list(every)]
            seen = ax.bbox.padded(1).extents
            inside = ((places >= seen[:2]) & (places <= seen[2:])).all(axis=1)
            self.add_markers(line, self._flip.transform(places[inside]))
        reach = self._add_frame(ax, *ticks) if ax.axison else left
        for text in ax.texts:
            place = text.get_transform() + self._flip
            x, y = place.transform(text.get_position())
            look = f'stroke="{self.colour(PAPER)}" stroke-width="3.5" paint-order="stroke"'
            self._text(x, y, text.get_text(), text.get_color(), text.get_ha(), text.get_va(), look)
        return reach

    def _shape(self, line, bbox) -> str:
        """Path data of `line`, cut just beyond `bbox`, in relative tenths of a pixel."""
        path = line.get_transform().transform_path(line.get_path())
        path.simplify_threshold = UNSEEN
        path = path.cleaned(remove_nans=True, clip=bbox.padded(6).extents, simplify=True)
        points = _whole(self._flip.transform(path.vertices))
        parts, (left, up) = [], (0, 0)
        for (x, y), code in zip(points, path.codes.tolist(), strict=True):
            if code == Path.MOVETO:
                # A step from the last place, at first from 0, 0; so are the pairs that follow.
                parts.append(f"m{_pair(x - left, y - up)}")
            elif code == Path.LINETO and (x, y) != (left, up):
                step = _pair(x - left, y - up)
                parts.append(step if step[0] == "-" else f" {step}")
            else:
                continue
            left, up = x, y
        return "".join(parts)

    def add_line(self, line, shape: str) -> None:
        """Draw `shape` in the style of `line`."""
        if line.get_linestyle() not in _NOTHING and shape:
            # Matplotlib gives no public access to the dashes that it has scaled by the width.
            dashes = line._dash_pattern[1]
            look = self.stroke(line.get_color(), line.get_linewidth(), line.get_alpha(), dashes)
            self.add("path", look, d=shape)

    def add_markers(self, line, places: np.ndarray) -> None:
        """Draw the markers of `line` at `places`, in the picture's pixels."""
        kind = line.get_marker()
        if not len(places) or str(kind) in _NOTHING:
            return
        marker, alpha = MarkerStyle(kind), line.get_alpha()
        size, edge = line.get_markersize(), line.get_markeredgewidth()
        fill, rim = line.get_markerfacecolor(), line.get_markeredgecolor()
        hollow = not marker.is_filled() or str(fill) == "none"
        if str(kind) == "o" and not hollow:
            # Round caps of lines without length: the shortest way to write a dot.
            steps = np.diff(_whole(places), axis=0, prepend=[[0, 0]]).tolist()
            dots = "".join(f"m{_pair(x, y)}h0" for x, y in steps)
            if edge:
                self.add("path", self.stroke(rim, size + edge, alpha), d=dots)
            self.add("path", self.stroke(fill, size - edge, alpha), d=dots)
            return
        size *= _PIXELS
        grown = marker.get_transform() + Affine2D().scale(size, -size)
        outline = _outline(marker.get_path(), grown)
        (x, y), name = places[0], f"m{len(self._parts)}"
        named = {"id": name} if len(places) > 1 else {}
        place = f"translate({_short(x)} {_short(y)})"
        uses = self._element("path", **named, d=outline, transform=place)
        for across, down in places[1:] - places[0]:
            uses += self._element("use", href=f"#{name}", x=_short(across), y=_short(down))
        if not marker.is_filled():
            self.add("g", self.stroke(PAPER, edge + 1.5), uses)
        fill = "none" if hollow else self.colour(fill)
        self.add("g", self.stroke(rim, edge, alpha, fill=fill), uses)

    def _add_ellipse(self, patch: Ellipse) -> None:
        """Draw `patch`, in the group of the one before if that is turned, edged and cut alike."""
        x, y = (patch.axes.transData + self._flip).transform(patch.get_center())
        # The aspect is equal: a pixel is as long along w as along b.
        scale = patch.axes.bbox.width / np.ptp(patch.axes.get_xlim()) / 2
        seen = patch.get_facecolor()[3] > 0
        fill = self.colour(patch.get_facecolor()) if seen else "none"
        edge = self.stroke(patch.get_edgecolor(), patch.get_linewidth())
        clip = ""
        if patch.get_clip_path() is not None:
            shape = _outline(patch.get_clip_path().get_fully_transformed_path(), self._flip)
            clip = self._clip(self._element("path", d=shape))
        angle = _short(-patch.angle, 3)
        alike = len(self._parts), angle, edge, clip
        if self._turned is None or self._turned[0] != alike:
            turn = f"translate({_short(x, 2)} {_short(y, 2)}) rotate({angle})"
            start = f'<g transform="{turn}" fill="{fill}" {edge}>'
            # Around the turned group: in it the clip would be turned, too.
            start, end = (f'<g clip-path="url(#{clip})">{start}', "</g>") if clip else (start, "")
            self._parts += [start, f"</g>{end}"]
            alike = len(self._parts), angle, edge, clip
            back = Affine2D().translate(-x, -y).rotate_deg(patch.angle)
            self._turned = alike, back, fill
        _, back, usual = self._turned
        centre = dict(zip(("cx", "cy"), back.transform((x, y)), strict=True))
        radii = {"rx": scale * patch.width, "ry": scale * patch.height}
        numbers = {k: n for k, v in (centre | radii).items() if (n := _short(v, 2)) != "0"}
        look = f'fill="{fill}"' if fill != usual else ""
        self._parts[-1:-1] = [self._element("ellipse", look, **numbers)]
        self._turned = (len(self._parts), angle, edge, clip), back, usual

    def _clip(self, shape: str) -> str:
        """The name under which `shape` clips."""
        if shape not in self._clips:
            self._clips[shape] = f"k{len(self._clips)}"
            self.add("clipPath", "", shape, id=self._clips[shape])
        return self._clips[shape]

    def _ticks(self, axis) -> list[tuple[float, str]]:
        """Place in pixels and text of each number in view."""
        formatter, places = axis.get_major_formatter(), axis.get_majorticklocs()
        if isinstance(formatter, PYPLOT_NUMBERS):
            log = axis.get_scale() == "log"
            formatter = AxisNumbers(log)
            if log:
                places = decades(axis).tick_values(*axis.get_view_interval())
        places = np.array(places)
        # As the axis is scaled: on a logarithmic one a slack in the loss's unit has no meaning.
        at = axis.get_transform().transform(places)
        low, high = axis.get_transform().transform(np.array(axis.get_view_interval()))
        slack = 1e-9 * (high - low)
        places = places[(at >= low - slack) & (at <= high + slack)]
        texts = formatter.format_ticks(places)
        which = int(axis is axis.axes.yaxis)
        points = np.tile([axis.axes.get_xlim()[0], axis.axes.get_ylim()[0]], (len(places), 1))
        points[:, which] = places
        pixels = (axis.axes.transData + self._flip).transform(points)[:, which]
        return list(zip(pixels.tolist(), texts, strict=True))

    def _add_frame(self, ax, across, down) -> float:
        left, bottom, right, top = ax.bbox.extents
        bottom, top = self._height - bottom, self._height - top
        marks = "".join(f"M{_short(x)} {_short(bottom)}v4" for x, _ in across)
        marks += "".join(f"M{_short(left)} {_short(y)}h-4" for y, text in down)
        frame = f"M{_short(left)} {_short(top)}V{_short(bottom)}H{_short(right)}{marks}"
        self.add("path", self.stroke(MUTED, 0.75), d=frame)
        for x, text in _with_room(across):
            self._text(x, bottom + 18, text, INK, "center")
        for y, text in down:
            self._text(left - 7, y, text, INK, "right", "center")
        reach = left - 16 - max((number_width(text) for _, text in down), default=0.0)
        self._text((left + right) / 2, bottom + 36, ax.get_xlabel(), INK, "center")
        if ax.get_ylabel():
            y = (top + bottom) / 2
            turn = f'transform="rotate(-90 {reach:.1f} {y:.1f})"'
            self._text(reach, y, ax.get_ylabel(), INK, "center", look=turn)
            reach -= FONT_SIZE
        self._add_title(title_of(ax), top - 9, (left - 24, reach), right)
        return reach - 2

    def _add_title(self, title: str, y: float, starts: tuple[float, float], end: float) -> None:
        """Write `title` from the first of `starts` from which it fits, squeezed if from none."""
        wide = 1.1 * LETTER * len(title)  # bold
        x = next((x for x in starts if x + wide <= end), min(starts))
        look = 'font-weight="600"'
        if x + wide > end:
            look += f' textLength="{_short(end - x)}" lengthAdjust="spacingAndGlyphs"'
        self._text(x, y, title, INK, look=look)

    def _text(self, x, y, text, color, ha="left", va="baseline", look="") -> None:
        if text:
            anchor = {"left": "start", "center": "middle", "right": "end"}[ha]
            y += FONT_SIZE * {"top": 0.8, "center": 0.35}.get(va, 0.0)
            # The picture's texts are of the one colour if nothing else is said.
            look += f' style="fill:{self.colour(color)}"' if to_hex(color) != INK else ""
            look += f' text-anchor="{anchor}"'
            self.add("text", look, html.escape(text), x=_short(x), y=_short(y))

    def finish(self, left, top, width, height, *, paper: bool = True) -> str:
        """The picture's text, with the colours of both themes."""
        box = f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}"
        back = f'<rect x="{left:.0f}" y="{top:.0f}" width="100%" height="100%" rx="8" fill="'
        back = f'{back}{self.colour(PAPER)}"/>' if paper else ""
        ink = self.colour(INK) if paper else ""
        light = ";".join(f"--{name}:{color}" for color, name in self._names.items())
        dark = ";".join(
            f"--{name}:{dark_partner(color, self._ours)}" for color, name in self._names.items()
        )
        style = f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
        if paper:  # a sample of a legend has no text
            style += f"svg{{font:{FONT_SIZE}px system-ui,sans-serif}}text{{fill:{ink}}}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="{box}" fill="none" stroke-linecap="round" stroke-linejoin="round">'
            f"<style>{style}</style>{back}{''.join(self._parts)}</svg>"
        )
