"""The figure as an anywidget: the same module, with its settings as traits of a Python object."""

import anywidget
import traitlets

from labhelpers.explorer.descent import descend
from labhelpers.explorer.page import module_source
from labhelpers.explorer.settings import Settings, check_batch_size
from labhelpers.history import History

_SETTINGS = ("lr", "batch_size", "shuffle", "seed", "steps", "momentum", "optimizer", "start")


class DescentWidget(anywidget.AnyWidget):
    """A `DescentExplorer` that Python can set and read while it is used.

    The browser computes and draws by itself; it tells Python when a control has come to rest. A
    value that the figure does not allow is refused with the message that `DescentExplorer` gives.
    A page without a widget manager shows the figure all the same, and Python hears nothing of it.
    The settings are called as there; `step` is the one that the figure shows, 0 to `steps`.
    """

    _esm = module_source() + "export default { render };\n"

    figure = traitlets.Dict(read_only=True).tag(sync=True)
    lr = traitlets.Float().tag(sync=True)
    batch_size = traitlets.Int(None, allow_none=True).tag(sync=True)
    shuffle = traitlets.Bool().tag(sync=True)
    seed = traitlets.Int().tag(sync=True)
    steps = traitlets.Int(30).tag(sync=True)
    momentum = traitlets.Float().tag(sync=True)
    optimizer = traitlets.Unicode("sgd").tag(sync=True)
    start = traitlets.List(trait=traitlets.Float(), minlen=2, maxlen=2).tag(sync=True)
    step = traitlets.Int(30, min=0).tag(sync=True)

    def __init__(self, explorer) -> None:
        self._explorer = explorer
        settings = explorer.values()
        figure = settings.pop("figure")
        super().__init__(step=settings["steps"], **settings)
        self.set_trait("figure", figure)

    @traitlets.validate(*_SETTINGS)
    def _check(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        try:
            Settings(**{name: value})
            if name == "batch_size":
                check_batch_size(value, len(self._explorer.x))
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(str(error)) from error
        return value

    def _repr_mimebundle_(self, **kwargs):
        """The widget and, for a page that shows none, the figure without a link to Python."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, **self._explorer._repr_mimebundle_()}, metadata

    @property
    def settings(self) -> Settings:
        """The present settings."""
        return Settings(**{name: getattr(self, name) for name in _SETTINGS})

    @property
    def history(self) -> History:
        """The present run."""
        return descend(self._explorer.x, self._explorer.y, self.settings)
