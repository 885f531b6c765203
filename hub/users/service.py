"""People: who there is, what each may do, how each likes it. Every change is in the trail."""

from __future__ import annotations

from hub.http import Person
from hub.ports import Recorder
from hub.users.ports import Directory
from hub.users.schemas import NewUser, Opened, Preferences, Profile, Standing, UserView
from hub.users.store import PreferencesStore
from voiceassist.contract.canonical import Json


class Users:
    """What administrators do with accounts, and each person with their own."""

    def __init__(
        self, directory: Directory, preferences: PreferencesStore, recorder: Recorder
    ) -> None:
        self._directory = directory
        self._preferences = preferences
        self._recorder = recorder

    def listing(self, offset: int, limit: int) -> tuple[list[UserView], int]:
        """People by e-mail address, and how many there are."""
        return self._directory.listing(offset, limit)

    def get(self, user: str) -> UserView:
        """One person; raises `NotFound`."""
        return self._directory.get(user)

    def create(self, wanted: NewUser, actor: Person) -> Opened:
        """A new account; raises `Conflict` or `BadField`."""
        made = self._directory.create(wanted.email, wanted.name, wanted.role)
        self._record("user.created", made.user.id, actor, role=wanted.role)
        return made

    def change(self, user: str, wanted: Standing, actor: Person) -> UserView:
        """Change name, role or state; raises `NotFound` or `Conflict`."""
        view = self._directory.get(user)
        role, state = wanted.role or view.role, wanted.state or view.state
        if (role, state) != (view.role, view.state):
            view = self._directory.set_standing(user, role, state)
            self._record("user.standing", user, actor, role=role, state=state)
        if wanted.name and wanted.name != view.name:
            view = self._directory.rename(user, wanted.name)
            self._record("user.renamed", user, actor)
        return view

    def reset(self, user: str, actor: Person) -> Opened:
        """Close an account until its owner redeems a new code; raises `NotFound`."""
        made = self._directory.reset(user)
        self._record("user.reset", user, actor)
        return made

    def rename(self, person: Person, wanted: Profile) -> UserView:
        """Change one's own name."""
        view = self._directory.rename(person.id, wanted.name)
        self._record("user.renamed", person.id, person)
        return view

    def preferences(self, person: Person) -> Preferences:
        """One's own settings."""
        return self._preferences.get(person.id)

    def prefer(self, person: Person, wanted: Preferences) -> Preferences:
        """Replace one's own settings."""
        self._preferences.put(person.id, wanted)
        self._record("user.preferences", person.id, person)
        return wanted

    def _record(self, action: str, user: str, actor: Person, **detail: Json) -> None:
        self._recorder.record(
            action=action, outcome="done", subject=user, actor=actor.id, detail=detail
        )
