"""The tokenizer file of the small model: the same words as `vocabulary.encode`, in the Tokenizers format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wan_sdk.nano.language.vocabulary import END, PAD, TEXT_LENGTH, TOKEN_PATTERN, UNKNOWN, VOCABULARY

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def save_tokenizer(folder: str | os.PathLike[str]) -> PreTrainedTokenizerFast:
    """Write the tokenizer into a folder, so that ``AutoTokenizer`` loads it; return it."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(VOCABULARY, unk_token=UNKNOWN))
    words.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    words.pre_tokenizer = pre_tokenizers.Split(Regex(TOKEN_PATTERN), "removed", invert=True)
    words.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, VOCABULARY[END])])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token=PAD, eos_token=END, unk_token=UNKNOWN, model_max_length=TEXT_LENGTH
    )
    tokenizer.save_pretrained(folder)
    return tokenizer
