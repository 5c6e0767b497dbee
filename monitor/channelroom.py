"""The webhooks and chats of the house: follows their file, sends to them, tries one by hand.

A mistake in the file is told once, and the last good one stays in force, as with feeds.yaml. It
never shows an address or a key: channels are known by their names.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from alerts.channelrounds import ChannelReport, send_channels
from alerts.chat import ChatMailer
from alerts.compose import message_id
from alerts.payload import trial_message
from alerts.view import reader
from alerts.webhook import WebhookMailer
from monitor.app import Watch
from monitor.channelfile import read_channels
from monitor.core.channels import Channel
from monitor.core.errors import ConfigurationErrors
from monitor.core.telling import Delivery, DeliveryResult, MessageKind, Subscriber, Way
from monitor.ports_telling import Mailer

# When a channel began is the store's to know, so that reading the file twice gives the same.
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


class ChannelRoom:
    """The channels of one opened house."""

    def __init__(self, watch: Watch) -> None:
        """Read nothing yet."""
        self._watch = watch
        self._channels: dict[str, Channel] = {}
        self._wishes: tuple[Subscriber, ...] | None = None

    def run(self) -> str:
        """Take over an edited file, and send what waits."""
        note = self._follow()
        report = self.send()
        return f"{report}; {note}" if note else str(report)

    def read(self) -> dict[str, Channel]:
        """Return the channels of the file by their address. Raises ConfigurationErrors."""
        found = read_channels(self._watch.settings.channels, now=_ANY_MOMENT)
        return {channel.address: channel for channel in found}

    def send(self) -> ChannelReport:
        """Send what waits for channels."""
        watch = self._watch
        return send_channels(
            watch.store,
            self._mailers(),
            watch.clock.now(),
            owner=watch.owner,
            journal=watch.journal,
        )

    def test(self, name: str) -> DeliveryResult:
        """Send a harmless message to a channel at once; one that had been given up is taken back.

        Raises KeyError for a name that the file does not have, ConfigurationErrors.
        """
        self._channels = self.read()
        named = {channel.name: channel for channel in self._channels.values()}
        channel, now = named[name], self._watch.clock.now()
        sender = self._watch.sender
        message = trial_message(
            channel.address,
            who=reader(channel.wishes, sender, self._watch.redaction),
            made_at=now,
            message_id=message_id(MessageKind.TEST, key=secrets.token_hex(16), sender=sender),
        )
        result = self._mailers()[channel.way].deliver(message)
        if result.outcome is Delivery.ACCEPTED:
            known = self._watch.store.subscribers.by_address(channel.address)
            if known is not None and not known.is_active:
                self._watch.store.subscribers.restore(known.key, now)
            self._watch.store.notices.close("channel", channel.address, now)
            self._watch.store.notices.close("channel.paused", channel.address, now)
        return result

    def _mailers(self) -> dict[Way, Mailer]:
        watch = self._watch
        return {
            Way.WEBHOOK: WebhookMailer(self._channels, watch.fetcher, now=watch.clock.now),
            Way.CHAT: ChatMailer(self._channels),
        }

    def _follow(self) -> str:
        """Bring the store in line with the file; return what is wrong with it."""
        store, now = self._watch.store, self._watch.clock.now()
        try:
            self._channels = self.read()
        except ConfigurationErrors as error:
            store.notices.raise_once("file", "channels", str(error), now)
            return "the file of channels has mistakes; the last good one stays in force"
        store.notices.close("file", "channels", now)
        wishes = tuple(channel.wishes for channel in self._channels.values())
        if wishes != self._wishes:
            store.channels.sync(wishes, now)
            self._wishes = wishes
        return ""
