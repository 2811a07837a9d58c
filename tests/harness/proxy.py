# SPDX-License-Identifier: Apache-2.0
"""
A proxy between a daemon and PostgreSQL that knows where a transaction's answer ends, and can delay it, drop it,
or cut the connection there. A connection that has once sent `usher.record` is a lane, one that has sent LISTEN the
feed; the others are left alone unless told otherwise.
"""
import collections
import pathlib
import socket
import struct
import threading
import time

from .daemon import wait_until


class Hold:
    """Somewhere on the way to the server, for whoever says `text`."""

    def __init__(self, text=None):
        self.text = text
        self.held, self.released = threading.Event(), threading.Event()


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, front):
        self.proxy = proxy
        self.front = front
        self.back = socket.socket(socket.AF_UNIX)
        self.back.connect(proxy.target)
        self.lane = self.feed = False
        self.prepared = False  # a lane that has had an answer: it takes batches
        self.listens = False  # the feed that has been told so: what changes from now on comes here
        self.frozen = threading.Event()  # cleared: nothing of this connection passes
        self.frozen.set()
        self.asked = self.answered = 0  # syncs
        self.bare, self.asks = collections.deque(), False  # of each sync to be answered: nothing was asked before it
        self.said = b""  # of a message that has not come whole
        self.greeted = False
        self.late = []  # withheld from the server, which gets it even when its sender has gone
        self.started = False
        self.named = False  # what lose_feed_at() waits for has been said here
        self.ending = False  # it is being lost
        self.closed = False
        self.ended = threading.Event()  # by the server

    def start(self):
        for source, target, handle in ((self.front, self.back, self._forward), (self.back, self.front, self._answer)):
            threading.Thread(target=self._pump, args=(source, target, handle), daemon=True).start()

    def _pump(self, source, target, handle):
        try:
            while data := source.recv(65536):
                handle(target, data)
        except OSError:
            pass
        if source is self.back:
            self._drain()
            self.ended.set()
        if not self.late and not self.ending:
            self.close()

    def _drain(self):
        """The client has gone; what the server still says goes nowhere."""
        try:
            while self.back.recv(65536):
                pass
        except OSError:
            pass

    def _count_syncs(self, data):
        """Of what the client says: a message is a byte for its type and four for its length, save the first, which has no type."""
        self.said += data
        while len(self.said) >= 5:
            length = struct.unpack("!I", self.said[1:5])[0] + 1 if self.greeted else struct.unpack("!I", self.said[:4])[0]
            if len(self.said) < length:
                return
            if self.greeted and self.said[:1] == b"S":
                self.asked += 1
                self.bare.append(not self.asks)
            self.asks = self.said[:1] != b"S"
            self.greeted, self.said = True, self.said[length:]
            self.proxy.longest_line = max(self.proxy.longest_line, self.asked - self.answered)

    def _forward(self, target, data):
        self._count_syncs(data)
        if b"usher.record" in data:
            self.lane = True
        self.feed = self.feed or b"LISTEN usher_feed" in data
        if self.late or (self.lane and self.proxy.withholding):
            self.late.append(data)
            self.proxy.withheld.set()
            return
        hold = self.proxy.hold
        if hold.text and hold.text in data:
            hold.held.set()
            hold.released.wait()
        self.proxy.open.wait()
        self.frozen.wait()
        target.sendall(data)

    def _answer(self, target, data):
        """Cuts the server's stream into its messages: a byte for the type, four for the length."""
        self.pending = getattr(self, "pending", b"") + data
        while len(self.pending) >= 5:
            length = 1 + struct.unpack("!I", self.pending[1:5])[0]
            if len(self.pending) < length:
                return
            message, self.pending = self.pending[:length], self.pending[length:]
            bare = False
            if message[:1] == b"Z" and self.started:
                self.answered += 1
                bare = self.bare.popleft()
            if message[:1] == b"Z" and not self.started:
                self.started = True
            elif message[:1] == b"Z" and self.lane and not bare and not self.proxy.at_sync(self):
                continue
            self.proxy.open.wait()
            self.frozen.wait()
            if self.proxy.is_last(self, message):
                self.ending = True
                target.shutdown(socket.SHUT_RD)
                self.proxy.losing.set()
                self.proxy.lost.wait()
                with self.proxy.standstill:
                    target.sendall(message)
                    self.close()
                return
            target.sendall(message)
            if message[:1] == b"Z" and self.lane:
                self.prepared = True
                self.proxy.syncs_passed += 1
            if self.feed and message[:1] == b"C" and b"LISTEN" in message:
                self.listens = True

    def close(self):
        if self.closed:
            return
        self.closed = True
        self.frozen.set()
        for end in (self.front, self.back):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.proxy.links.discard(self)


class Proxy:
    """
    Listens in `directory` as a PostgreSQL server would. What it does to a lane's sync results:
    `pass` them on, `drop` them, `cut` the connection in their place, `hold` them until told otherwise.
    """

    def __init__(self, cluster, directory):
        self.target = str(pathlib.Path(cluster.socket_directory) / f".s.PGSQL.{cluster.port}")
        self.directory = directory
        self.cluster = cluster
        self.links = set()
        self.accepting = threading.Lock()  # a connection is either refused, or among the links
        self.open = threading.Event()  # cleared: frozen, nothing goes either way
        self.open.set()
        self.refusing = False
        self.attempts = []  # when connections were asked for
        self.withholding = False
        self.withheld = threading.Event()
        self.hold = Hold()
        self.last_text = self.standstill = None
        self.losing, self.lost = threading.Event(), threading.Event()
        self.syncs_seen = self.syncs_passed = 0
        self.longest_line = 0  # the most syncs that one connection waited for at once
        self._mode = "pass"
        self._changed = threading.Condition()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / f".s.PGSQL.{cluster.port}"))
        (directory / f".s.PGSQL.{cluster.port}").chmod(0o777)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def conninfo(self):
        return self.cluster.conninfo(host=self.directory)

    def _accept(self):
        while True:
            try:
                front, _ = self.listener.accept()
            except OSError:
                return
            self.attempts.append(time.monotonic())
            with self.accepting:
                if self.refusing:
                    front.close()
                    continue
                try:
                    link = Link(self, front)
                except OSError:
                    front.close()
                    continue
                self.links.add(link)
            link.start()

    def at_sync(self, link):
        """Called where a lane's sync result would pass; whether it does."""
        with self._changed:
            self.syncs_seen += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._mode != "hold")
            mode = self._mode
        if mode == "cut":
            link.close()
        return mode == "pass"

    def mode(self, mode):
        assert mode in ("pass", "drop", "cut", "hold")
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    def wait_for_sync(self, seen, seconds=20):
        """Waits until more sync results than `seen` have come by."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.syncs_seen > seen, seconds), "no sync result came by"

    def withhold(self):
        """What lanes send from now on does not reach the server until `deliver`, though its sender be gone by then."""
        self.withheld.clear()
        self.withholding = True

    def pass_new(self):
        """Connections made from now on are passed on; what was withheld stays so."""
        self.withholding = False

    def deliver(self):
        """What was withheld arrives at last. Returns when the server has done with it and ended those connections."""
        self.withholding = False
        links = [link for link in list(self.links) if link.late]
        for link in links:
            link.back.sendall(b"".join(link.late))  # kept until it is sent, and the connection with it
            try:
                link.back.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server was quicker
        for link in links:
            assert link.ended.wait(20), "the server did not end a connection whose client has gone"
            link.late = []
            link.close()

    def hold_at(self, text):
        """Whoever says this to the server gets no further until `let_go`. Who is held so far goes on."""
        before, self.hold = self.hold, Hold(text)
        before.released.set()

    def wait_for_held(self):
        assert self.hold.held.wait(20), f"nobody said {self.hold.text}"

    def let_go(self):
        self.last_text = None
        self.hold_at(None)
        self.lost.set()

    def lose_feed_at(self, text, standstill):
        """
        The next answer on the feed that has `text` in it is its connection's last: once it is there, up to its end,
        `losing` is set, and what the reader sends is lost. On `let_go` the end of the answer comes, and that of the
        connection, both before the reader looks again, who stands still for `standstill` meanwhile.
        """
        self.losing.clear()
        self.lost.clear()
        self.standstill, self.last_text = standstill, text

    def is_last(self, link, message):
        """Called once for each message of the server's that would pass: whether it ends what is lost with lose_feed_at()."""
        if not link.feed or not self.last_text:
            return False
        link.named = link.named or self.last_text in message
        if message[:1] != b"Z" or not link.named:
            return False
        self.last_text = None
        return True

    def wait_for_lanes(self, count):
        """What a daemon has read it answers before it has connected to record anything: until so many lanes take batches."""
        wait_until(lambda: sum(link.prepared for link in list(self.links)) >= count, 30, f"{count} lanes")

    def wait_for_quiet(self):
        """Until the server has answered all that lanes have asked of it."""
        wait_until(lambda: all(link.asked == link.answered for link in list(self.links) if link.lane), 30, "that no answer is due")

    def wait_for_feed(self):
        """The feed connects when everything has been read, and again when it was lost: until there is one that listens."""
        def is_there():
            feeds = [link for link in list(self.links) if link.feed and link.frozen.is_set()]
            return len(feeds) == 1 and feeds[0].listens and feeds[0]

        return wait_until(is_there, 30, "a connection that listens")

    def freeze_feed(self):
        """The connection that listens stays open, and nothing passes there any more."""
        self.wait_for_feed().frozen.clear()

    def cut_feed(self):
        self.wait_for_feed()
        self.cut(lambda link: link.feed)

    def freeze(self):
        self.open.clear()

    def thaw(self):
        self.open.set()

    def cut(self, which=lambda link: True):
        """Every connection, at once."""
        for link in list(self.links):
            if which(link):
                link.late = []
                link.close()

    def away(self):
        """The database cannot be reached."""
        with self.accepting:
            self.refusing = True
        self.cut()

    def back(self):
        self.refusing = False

    def mend(self):
        """Whatever was done to it: it passes everything on again."""
        self.mode("pass")
        self.withholding = False
        self.let_go()
        self.thaw()
        self.back()

    def close(self):
        self.mend()
        self.listener.close()
        self.cut()
