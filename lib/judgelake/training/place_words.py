"""The words for the places of answers, in order."""

NUMBERS = ("one", "two", "three", "four")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
SHORT_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th")
CHINESE_ORDINALS = tuple("一二三四五六七八九")
SERIES = (NUMBERS, ORDINALS, SHORT_ORDINALS, CHINESE_ORDINALS)
ORDINAL = rf"(?:{'|'.join((*ORDINALS, *SHORT_ORDINALS))})"
