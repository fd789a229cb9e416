"""What the suites share: the stand-alone emulator, and its control endpoints.

The suites run against an emulator that is up already:

    cargo run -p cloudapi-emulator --example serve -- 127.0.0.1:4566
    pip install -r tests/sdk/requirements.txt
    CLOUDAPI_EMULATOR_URL=http://127.0.0.1:4566 python -m unittest discover -s tests/sdk
"""

import json
import os
import unittest
import urllib.request

# The proxies of the machine are not meant for the loopback interface.
for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)
    os.environ.pop(name.lower(), None)

URL = os.environ.get("CLOUDAPI_EMULATOR_URL")

AWS_KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
AWS_TEMPORARY = ("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYTEMPORARYK", "TOKENEXAMPLE")
AWS_EXPIRED = ("ASIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY", "EXPIREDTOKENEXAMPLE")
TENCENT_KEY = ("AKIDEXAMPLE0123456789abcdefghijklmn", "SecretKeyEXAMPLE0123456789abcdef")
TENCENT_TEMPORARY = ("AKIDTEMPORARY23456789abcdefghijklmn", "SecretKeyTEMPORARY23456789abcdef", "TOKENEXAMPLE")
TENCENT_EXPIRED = ("AKIDEXPIRED0123456789abcdefghijklmn", "SecretKeyEXPIRED0123456789abcdef", "EXPIREDTOKENEXAMPLE")


def control(method, path, body=None):
    """Calls a control endpoint and gives its JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/_emulator/{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class EmulatorCase(unittest.TestCase):
    """A case that starts with a world as new."""

    def setUp(self):
        self.assertTrue(URL, "CLOUDAPI_EMULATOR_URL has to name a running emulator")
        control("POST", "reset")
        control("POST", "settings", {"Lag": 0, "TransitionPolls": 1, "PageCap": 0, "ClockOffsetSeconds": 0})
