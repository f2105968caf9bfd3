"""Decides whether a feature is on, as Azure App Configuration stores it and Slipway moves it."""

import hashlib
import json

HIGHEST_MARKER = 2**32 - 1


def is_on(flag_json, key):
    """Whether the flag is on for `key` (here a road segment).

    The same key always gets the same answer while the percentage only grows:
    the rule of the Microsoft.Targeting filter for its default rollout.
    """
    flag = json.loads(flag_json)
    if not flag.get("enabled"):
        return False
    percentage = _rollout_percentage(flag)
    return percentage is None or _marker(flag["id"], key) < percentage


def _rollout_percentage(flag):
    for client_filter in flag.get("conditions", {}).get("client_filters", []):
        if client_filter["name"] == "Microsoft.Targeting":
            return client_filter["parameters"]["Audience"]["DefaultRolloutPercentage"]
    return None


def _marker(flag_id, key):
    digest = hashlib.sha256(f"{key}\n{flag_id}".encode()).digest()
    share = int.from_bytes(digest[:4], "little") / HIGHEST_MARKER
    return share * 100 if share < 1 else 99.999
