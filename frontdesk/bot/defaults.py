"""What a new client's bot says before its owner has taught it anything."""

from typing import Any

TEXTS: dict[str, str] = {
    "title": "",
    "subtitle": "Ask us anything",
    "input_placeholder": "Type your question",
    "greeting": "Hello. How can we help?",
    "fallback": "I did not get that. Could you say it in other words?",
    "fallback_again": "I can't find the right answer to that. Here is what I can do:",
    "suggest": "Did you mean one of these?",
    "none_of_these": "None of these",
    "handoff": "You can carry on here:",
    "away": "We are away at the moment. Leave us a message and we will get back to you.",
}

THEME: dict[str, Any] = {
    "accent": "#1f5fd6",
    "position": "end",
    "color_scheme": "auto",
    "radius": 16,
    "offset_x": 20,
    "offset_y": 20,
    "launcher_label": "",
}

OPTIONS: list[dict[str, Any]] = [{"id": "message", "label": "Leave a message", "kind": "form"}]

RULES: list[dict[str, Any]] = [
    {
        "id": "hello",
        "says": [
            "hi", "hello", "hey", "hi there", "hello there", "hey there", "hiya", "good morning",
            "good afternoon", "good evening", "good day", "howdy", "greetings",
        ],
        "reply": "Hello. Ask me anything, or choose one of these:",
        "shows_options": True,
    },
    {
        "id": "thanks",
        "says": [
            "thanks", "thank you", "thanks a lot", "many thanks", "thank you very much", "thx",
            "ty", "cheers", "great thanks", "perfect thanks", "ok thanks", "okay thanks",
            "thank you so much", "thanks so much", "that's great thanks",
        ],
        "reply": "You are welcome. Is there anything else?",
    },
    {
        "id": "goodbye",
        "says": ["bye", "goodbye", "bye bye", "see you", "good night", "have a nice day"],
        "reply": "Goodbye, and thank you for stopping by.",
    },
    {
        "id": "help",
        "says": ["help", "help me", "menu", "options", "start", "what can you do", "start again"],
        "reply": "Here is what I can help with. You can also type your question.",
        "shows_options": True,
    },
]  # fmt: skip
