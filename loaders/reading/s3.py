"""An S3 object as a stream: it fetches the next part in advance and retries each part separately."""

from __future__ import annotations

import io
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from loaders.errors import CannotLoad, UnreadableFile

PART_BYTES: Final = 4 * 1024 * 1024
TRIES: Final = 6
FIRST_WAIT_SECONDS: Final = 0.2


class S3Object(io.RawIOBase):
    """The current object at ``s3://bucket/key``; reading fails if it is replaced in the meantime.

    Raises
    ------
    CannotLoad
        The object does not exist or may not be read.
    UnreadableFile
        A part could not be read in `TRIES` tries.
    """

    def __init__(self, name: str) -> None:
        where = urlsplit(name, allow_fragments=False)
        key = name.removeprefix(f"s3://{where.netloc}/")
        if not where.netloc or not key or key == name:
            raise CannotLoad(f"cannot open {name}: expected s3://bucket/key")
        self._object = {"Bucket": where.netloc, "Key": key}
        try:
            client: Any = botocore.session.get_session().create_client("s3")
            head = client.head_object(**self._object)
        except (BotoCoreError, ClientError) as error:
            raise CannotLoad(f"cannot open {name}: {error}") from None
        self.size: int = head["ContentLength"]
        self._client = client
        self._etag = head["ETag"]
        self._part = memoryview(b"")
        self._next_start = 0
        self._fetcher = ThreadPoolExecutor(1, thread_name_prefix="s3")
        self._fetched = self._fetch_next()

    def readable(self) -> bool:
        """Always true: `io.RawIOBase` asks for it."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the part at hand, fetching the next one meanwhile; the number of bytes, 0 at the end."""
        if not self._part and self._fetched is not None:
            self._part = memoryview(self._fetched.result())
            self._fetched = self._fetch_next()
        chunk, self._part = self._part[: len(buffer)], self._part[len(buffer) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        """Stop fetching."""
        self._fetcher.shutdown(cancel_futures=True)
        super().close()

    def _fetch_next(self) -> Future[bytes] | None:
        start = self._next_start
        if start >= self.size:
            return None
        self._next_start = min(start + PART_BYTES, self.size)
        return self._fetcher.submit(self._fetch, start, self._next_start)

    def _fetch(self, start: int, end: int) -> bytes:
        """Fetch one part; if the body breaks off, only the rest is requested again."""
        found = b""
        for attempt in range(TRIES):
            try:
                answer: Any = self._client.get_object(
                    **self._object, Range=f"bytes={start + len(found)}-{end - 1}", IfMatch=self._etag
                )
                for chunk in answer["Body"].iter_chunks(64 * 1024):
                    found += chunk
                return found
            except ClientError as error:
                if error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
                    raise UnreadableFile("it was replaced while it was read; run it again") from None
                reason: Exception = error
            except (BotoCoreError, HTTPClientError, HTTPError) as error:
                reason = error
            if attempt < TRIES - 1:
                time.sleep(FIRST_WAIT_SECONDS * 2**attempt)
        raise UnreadableFile(f"bytes {start} to {end} could not be read in {TRIES} tries: {reason}")
