"""A pack's new version by what changed in it: a few hundred bytes instead of all its vectors.

A patch is zstd of the new pack's content with the old one's content as the dictionary. What it
gives back is packed again and counts only if it is the new pack to the byte, by the hash that
the edition's list holds; where another release of zstd packs otherwise, the pack is fetched
whole, so a patch can save bytes and do nothing else.
"""

from __future__ import annotations

import zstandard

from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import PackRef
from voiceassist.errors import Unverified
from voiceassist.knowledge.editions.packs import compress, unpack

_LEVEL = 9
_LEAST_WINDOW = 10  # log2 bytes, zstd's least


def make_patch(old: bytes, new: bytes) -> bytes:
    """What turns the pack `old` into the pack `new`; raises `Unverified` for what is none."""
    try:
        before, after = unpack(old), unpack(new)
    except (ValueError, zstandard.ZstdError) as error:
        raise Unverified("a pack on the hub is damaged; index its document again") from error
    window = max(_LEAST_WINDOW, (len(before) + len(after)).bit_length())
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, window_log=window, enable_ldm=True, write_dict_id=False
    )
    compressor = zstandard.ZstdCompressor(
        dict_data=_dictionary(before), compression_params=parameters
    )
    return compressor.compress(after)


def apply_patch(patch: bytes, old: bytes, ref: PackRef) -> bytes:
    """The pack `ref`, made of `old`; raises `Unverified` where it does not come out so."""
    try:
        content = unpack(patch, dictionary=_dictionary(unpack(old)))
    except (ValueError, zstandard.ZstdError) as error:
        raise Unverified(f"the patch of {ref.document} is damaged; fetch the pack whole") from error
    data = compress(content)
    if len(data) != ref.size or sha256(data) != ref.sha256:
        raise Unverified(f"the patch of {ref.document} is another's; fetch the pack whole")
    return data


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
