"""A small shop's FAQs, for tests that need something to match against."""

from frontdesk_nlp import Entry

SHOP = (
    Entry("returns", ["How do I return an item?", "Can I send something back?"]),
    Entry("hours", ["When are you open?", "What are your opening hours?"]),
    Entry("delivery", ["How long does delivery take?", "When will my parcel arrive?"]),
    Entry("price", ["How much does a plant cost?", "What is the price of a fern?"]),
    Entry("gift", ["Do you sell gift cards?", "Can I buy a voucher as a present?"]),
    Entry("water", ["How often should I water a cactus?", "Watering my succulents"]),
)
