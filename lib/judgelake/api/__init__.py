"""What servers of the OpenAI API and its kin say: messages, reasons of ending, errors; pure code, without a network."""

from judgelake.api.complaints import COMPLAINTS, TOO_LARGE, Complaint, complaint_of, complaint_of_codes, final_status_of
from judgelake.api.finish_reasons import REASONS, Ending, ending_of, failure_of_ending
from judgelake.api.message import CUT_WHILE_THINKING, Said, failure_of_thinking_alone, said_in
from judgelake.api.server_error import FLAGGED_INPUT, ServerError, error_in_answer, error_of, error_of_text

__all__ = [
    "COMPLAINTS",
    "CUT_WHILE_THINKING",
    "FLAGGED_INPUT",
    "REASONS",
    "TOO_LARGE",
    "Complaint",
    "Ending",
    "Said",
    "ServerError",
    "complaint_of",
    "complaint_of_codes",
    "ending_of",
    "error_in_answer",
    "error_of",
    "error_of_text",
    "failure_of_ending",
    "failure_of_thinking_alone",
    "final_status_of",
    "said_in",
]
