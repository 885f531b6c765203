"""What runs beside the turns: exchange with the hub, editions, the room's page, its figures."""

from __future__ import annotations

import logging
from collections.abc import Callable

from appliance.commands.commands import Commands
from appliance.commands.taken import TakenStore
from appliance.enrol import Identity
from appliance.events import Condition, Event, Events, Over
from appliance.metrics import Metrics
from appliance.orders import Orders
from appliance.panel.access import Access, panel_token
from appliance.panel.health import Health, LinkHealth
from appliance.panel.panel import LOCAL, Pages, Panel, make_app
from appliance.panel.viewers import Viewers
from appliance.switchboard import Switchboard
from appliance.sync.editions import EditionSync
from appliance.sync.hub_source import HubSource
from appliance.sync.link import LinkState
from appliance.sync.sync import Sync
from appliance.wiring import Room
from voiceassist import __version__
from voiceassist.contract.wire import RoomState
from voiceassist.knowledge.search.library import Library
from voiceassist.timekeeping import SystemClock

log = logging.getLogger(__name__)

_NO_EDITION = "no library yet; publish an edition on the hub"
_DEAF = "the room does not hear; it is being restarted"
_DISK_SHORT = "the disk is nearly full; free some space, or turns will be refused"


class Beside:
    """Starts and stops them, and tells what they know. A room without enrolment has no hub."""

    def __init__(
        self,
        room: Room,
        events: Events,
        controls: Switchboard,
        on_link: Callable[[LinkState], None],
        kept: Callable[[], str] = lambda: "",
    ) -> None:
        self._room = room
        self._events = events
        self._controls = controls
        self._told: Condition | None = None
        self._turns = 0
        self._failure = ""
        self._deaf = False
        self._eased = ""
        self._notice = on_link
        self._kept = kept
        self.signals: Callable[[], str] = lambda: ""
        """One line on the room's lights and buttons."""
        self.zone: Callable[[], str] = lambda: ""
        """One line on the other boxes of the room's zone."""
        self.orders = Orders(events, controls)
        self._sync: Sync | None = None
        self._editions: EditionSync | None = None
        self._commands: Commands | None = None
        self.metrics = Metrics(room.journal.owed, lambda: room.shelf.version)
        self._panel = self._make_panel()
        self.port = self._panel.port
        events.watch(self._count)
        if room.identity is not None and room.hub is not None:
            source = HubSource(room.hub)
            self._editions = EditionSync(room.editions, source, self._installed)
            self._sync, self._commands = self._exchange(room.identity, self._editions)

    def _exchange(self, identity: Identity, editions: EditionSync) -> tuple[Sync, Commands]:
        sync = Sync(
            identity,
            self._room.journal,
            SystemClock(),
            state=self.state,
            on_link=self._on_link,
            on_edition=lambda _version: editions.hint(),
            on_command=self._ordered,
        )
        commands = Commands(
            identity,
            TakenStore(self._room.settings.data_dir / "commands.sqlite"),
            self._room.journal,
            self.orders.acts(fetch=editions.hint, report=sync.tell),
            sync.reply,
        )
        return sync, commands

    def _make_panel(self) -> Panel:
        panel = self._room.settings.panel
        viewers = Viewers(words=panel.shows == "words", fades_s=panel.fades_s)
        self._events.watch(viewers.watch)
        access = Access(panel_token(self._room.settings.data_dir), LOCAL | {panel.host})
        pages = Pages(viewers, self._controls, access).app()
        app = make_app(self.health, self.metrics.registry, pages)
        return Panel(app, panel.port, panel.host, panel.certificate, panel.key)

    def start(self) -> None:
        """Begin; nothing here waits for the hub."""
        self._panel.start()
        if self._editions is not None:
            self._editions.start()
        if self._commands is not None:
            self._commands.start()
        if self._sync is not None:
            self._sync.start()
        self.changed()

    def stop(self) -> None:
        """End, telling the hub that the room is offline."""
        if self._commands is not None:
            self._commands.stop()  # first, so that its last reply still goes out
        if self._sync is not None:
            self._sync.stop()
        if self._editions is not None:
            self._editions.stop()
        self._panel.stop()

    @property
    def link(self) -> LinkState:
        """The link to the hub as it is now."""
        return self._sync.link if self._sync else LinkState(answers=False)

    def deaf(self, what: str) -> None:
        """The room does not hear, since `what` does not go on; or it hears again."""
        self._deaf = bool(what)
        self.metrics.deaf(self._deaf)
        self.changed()

    def eased(self, line: str) -> None:
        """What the box does without, for a person."""
        self._eased = line
        self.changed()

    def changed(self) -> None:
        """Tell what the room can do now, where that has changed."""
        condition = Condition(
            deaf=self._deaf, muted=self._controls.muted,
            online=self.link.connected or self._sync is None, problems=self._problems(),
        )  # fmt: skip
        if condition != self._told:
            self._told = condition
            self._events.tell(condition)

    def _on_link(self, link: LinkState) -> None:
        self.changed()
        self._notice(link)

    def _count(self, event: Event) -> None:
        """Count the turns; of one that failed show why, until the next that works."""
        if not isinstance(event, Over):
            return
        self._failure = event.error
        if event.record is None:
            self.metrics.failure(event.code)
        else:
            self._turns += 1
            self.metrics.turn(event.record)
        self.changed()

    def health(self) -> Health:
        """What the panel shows."""
        link, problems = self.link, self._problems()
        return Health(
            state="degraded" if problems else "ready",
            room=self._name,
            release=__version__,
            edition=self._room.shelf.version,
            models=self._room.models(),
            link=LinkHealth(
                connected=link.connected, answers=link.answers, last_ack_ms=link.last_ack_ms,
                owed=self._room.journal.owed(),
            ),
            problems=problems,
        )  # fmt: skip

    def state(self) -> RoomState:
        """What the hub is told."""
        problems = self._problems()
        return RoomState(
            room=self._name,
            status="degraded" if problems else "ready",
            release=__version__,
            edition=self._room.shelf.version,
            profile=self._room.settings.profile,
            turns=self._turns,
            problems=problems,
        )

    @property
    def _name(self) -> str:
        return self._room.identity.room if self._room.identity else self._room.settings.room

    def _problems(self) -> tuple[str, ...]:
        found = [
            self.link.problem,
            self._editions.problem if self._editions else "",
            "" if self._room.shelf.version else _NO_EDITION,
            _DISK_SHORT if self._room.journal.short_of_space() else "",
            self._failure,
            _DEAF if self._deaf else "",
            self._eased,
            self._controls.problem,
            self._kept(),
            self.signals(),
            self.zone(),
        ]
        return tuple(line for line in found if line)

    def _ordered(self, payload: bytes) -> None:
        if self._commands is not None:
            self._commands.take(payload)

    def _installed(self, library: Library) -> None:
        self._room.use(library)
        log.info("edition %d is used", library.version)
        self.changed()
        if self._sync is not None:
            self._sync.tell()
