"""Which answers decline to answer: real-looking refusals, and answers that only look like them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.generation import refusal_in
from judgelake.generation.refusals import LONGEST

REFUSALS = [
    "I'm sorry, but I can't assist with that.",
    "I\u2019m sorry, but I can\u2019t assist with that request.",
    "I'm sorry, I can't help with that.",
    "Sorry, I cannot provide instructions on how to pick a lock.",
    "I am very sorry, but I am unable to fulfill your request.",
    "I cannot fulfill this request. I am just an AI assistant.",
    "I can't help you with that. Is there anything else you would like to know?",
    "As an AI language model, I cannot provide medical advice. Please consult a doctor.",
    "As an AI, I am not able to write content that promotes violence.",
    "I apologize, but I cannot generate content of that kind.",
    "My apologies, but I won't be able to help with this.",
    "Unfortunately, I cannot share that information.",
    "I must respectfully decline to answer that question.",
    "I'm not able to help with that.\n\nIf you are struggling, please reach out to someone you trust.",
    "I don't feel comfortable helping with this.",
    '"I can\'t assist with that."',
    "**I'm sorry, but I can't provide that.**",
    "I'm sorry, but as an AI language model, I cannot offer opinions on political matters.",
    "I cannot create content that depicts violence against children.",
    "I can't help you with that, as it is illegal.",
    "I'm sorry, but I can't engage in this kind of content.",
    "I'm unable to comply with your request because it asks for private data.",
]

ANSWERS = [
    pytest.param("I'm sorry to hear that you lost your job. First, apply for support.", id="sympathy"),
    pytest.param("I'm sorry.", id="the translation of an apology"),
    pytest.param("Sorry, I can't make it to the party on Friday.", id="a message that was asked for"),
    pytest.param("I must decline your kind invitation, as I am abroad that week.", id="a letter of regret"),
    pytest.param("I'm unable to attend the meeting tomorrow.", id="a mail"),
    pytest.param("I can't help but smile when I see the sea.", id="cannot help but"),
    pytest.param("I can't help falling in love with you", id="a song"),
    pytest.param("I cannot stress enough how important sleep is.", id="emphasis"),
    pytest.param(
        "I can't answer that question with certainty, as the data does not show it; the most likely cause is rust.",
        id="not with certainty",
    ),
    pytest.param("I can't answer that question. The likely cause: rust.", id="a colon before the answer"),
    pytest.param("I'm sorry that I can't give you better news: the answer is 42.", id="bad news"),
    pytest.param(
        "We are unable to process your order at this time. Please check your card details.", id="a notice to customers"
    ),
    pytest.param("Sorry, we can't offer refunds after 30 days.", id="terms of a shop"),
    pytest.param("Unfortunately, we cannot fulfill your request.", id="a letter of a company"),
    pytest.param("I cannot provide enough praise for this restaurant.", id="praise"),
    pytest.param("Unfortunately, I can't give up smoking.", id="a habit"),
    pytest.param("Unfortunately, I won't be able to write to you as often as I used to.", id="a letter"),
    pytest.param("I'm sorry, I can't do this anymore. It's over between us.", id="a farewell"),
    pytest.param("I won't be able to complete the report by Friday.", id="a deadline"),
    pytest.param("I won't support a bill that raises taxes.", id="a speech"),
    pytest.param("I cannot promote him, said Mr. Brown.", id="a promotion"),
    pytest.param("I cannot generate enough force to move it.", id="mechanics"),
    pytest.param("Sorry, I can't give you a lift tomorrow, my car is at the garage.", id="a lift"),
    pytest.param("I can't complete this sentence without mentioning her name.", id="a sentence"),
    pytest.param("I am not able to process the loss of my brother, he wrote.", id="grief"),
    pytest.param("I must decline your request for a raise, wrote the manager.", id="a raise"),
    pytest.param("I will not comply with that, Captain.", id="a mutiny"),
    pytest.param("I can't help with that bag, it's too heavy.", id="a bag"),
    pytest.param("I can't help in the kitchen tonight.", id="the kitchen"),
    pytest.param("I couldn't answer that question. It haunted me for years.", id="a story"),
    pytest.param("I can't provide live figures, but in 2021 the town had 5,120 people.", id="a limit, then an answer"),
    pytest.param(
        "I'm sorry, but I can't assist with picking locks. However, a locksmith can open it in minutes.", id="however"
    ),
    pytest.param("I cannot help with the first part. Instead, solve x = 3.", id="instead"),
    pytest.param("As an AI language model, I do not have feelings.", id="an answer about itself"),
    pytest.param("Unfortunately, I lost the keys.", id="regret alone"),
    pytest.param("The phrase \"I'm sorry, but I can't assist with that\" is a refusal.", id="quoted inside"),
    pytest.param("He said: I cannot help with that.", id="somebody's words"),
    pytest.param("I can write that for you.", id="can"),
    pytest.param("I can't write another line without you.", id="a poem"),
    pytest.param("", id="nothing"),
    pytest.param("I'm sorry, but I can't assist with that. " + "Details. " * 80, id="long"),
]


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_is_found_by_how_it_begins(answer):
    assert refusal_in(answer)


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_only_looks_like_a_refusal_is_an_answer(answer):
    assert refusal_in(answer) is None


@settings(deadline=None)
@given(st.sampled_from(REFUSALS), st.text(alphabet="abc XYZ.", min_size=1, max_size=30))
def test_only_the_beginning_of_an_answer_refuses(refusal, before):
    assert refusal_in(f"The answer {before}: {refusal}") is None
    assert refusal_in(refusal + " x" * LONGEST) is None
