"""Which failures of a Spark job end by themselves, so that the same work is worth another try."""

from __future__ import annotations

import re

from judgelake.lake import LOST_RACES

# The text is all that is left of an exception of Java. Sources: Hadoop's S3A (`S3ARetryPolicy`, `S3AUtils`), ABFS
# (`AbfsRestOperationException`, `AzureServiceErrorCode`), Google's connector (HTTP status and reason), HDFS.
OF_STORAGE = (
    "AWSServiceThrottledException",
    "AWSStatus500Exception",
    "AWSNoResponseException",
    "AWSApiCallTimeoutException",
    "SlowDown",
    "Slow Down",
    r"Status Code: 50[0234]",
    r"HTTP/1\.1 50[0234]",
    r"50[0234] (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)",
    "429 Too Many Requests",
    "rateLimitExceeded",
    "ServerBusy",
    "OperationTimedOut",
    "ServiceUnavailable",
    "SafeModeException",
    "StandbyException",
    "Stale file handle",
    "temporarily unavailable",
)
OF_THE_NETWORK = (
    "SocketTimeoutException",
    "ConnectTimeoutException",
    "NoHttpResponseException",
    "UnknownHostException",
    r"java\.net\.ConnectException",
    "Connection reset",
    "Read timed out",
)
# Spark has tried the task or stage several times, each time on an executor that went away.
OF_EXECUTORS = ("ExecutorLostFailure", "FetchFailed")
TRANSIENT = re.compile("|".join((*OF_STORAGE, *OF_THE_NETWORK, *OF_EXECUTORS, *map(re.escape, LOST_RACES))))


def is_transient(error: BaseException) -> bool:
    """Whether an error of Spark is a lost race of two commits, or of a store, a network or a host for a while."""
    return is_of_spark(error) and TRANSIENT.search(str(error)) is not None


def is_of_spark(error: BaseException) -> bool:
    """Whether it comes from a Spark job: a failing write as one of py4j, a failing read as one of pyspark."""
    return type(error).__module__.partition(".")[0] in ("py4j", "pyspark")
