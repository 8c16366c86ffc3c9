"""Plain words of the consent form: what the catalogue says in clinical terms, at a reading age of 11."""

from django.utils.translation import gettext_lazy as _

TITLE = _("Consent to scalp mesotherapy")
LEAD = _(
    "You decide freely. You can say no, ask for more time, or stop at any session. "
    "Saying no does not change your other care."
)

HEADINGS = {
    "CE-01": _("Who asks you"),
    "CE-02": _("What will happen"),
    "CE-03": _("What we hope for, and what it costs"),
    "CE-04": _("No guarantee"),
    "CE-05": _("What can go wrong"),
    "CE-06": _("Not an approved use"),
    "CE-07": _("Other ways, including doing nothing"),
    "CE-08": _("What can change the plan"),
    "CE-09": _("Pregnancy and blood donation"),
    "CE-10": _("Afterwards, and when to call"),
    "CE-11": _("Who treats you, and complaints"),
    "CE-12": _("Time to think"),
    "CE-13": _("You can stop at any time"),
    "CE-14": _("In your own words"),
    "CE-15": _("Photographs"),
    "CE-16": _("Your data and messages"),
    "CE-17": _("Your free decision"),
    "CE-18": _("Your copy"),
}

# What is rare is named as rare only where reports say so; everything else is "not counted".
RISKS = {
    "AE-01": _("Pain or stinging at the points"),
    "AE-02": _("Swelling or bruises"),
    "AE-03": _("Infection at the points"),
    "AE-04": _("Allergic reaction: itch, hives, rash"),
    "AE-05": _("More shedding for some weeks"),
    "AE-06": _("Less effect than hoped, or none"),
    "AE-07": _("Darker or lighter skin"),
    "AE-08": _("The result you wish for is not reached"),
    "AE-09": _("Inflamed hair follicles"),
    "AE-10": _("Bald patches that often grow back"),
    "AE-11": _("Severe allergy with trouble breathing or fainting (anaphylaxis)"),
    "AE-12": _("Skin that dies because blood does not reach it"),
    "AE-13": _("Lasting bald spots with scars"),
    "AE-14": _("Abscess, or fat that dies under the skin"),
    "AE-15": _("Low blood pressure, dizziness, racing heart, most of all with minoxidil"),
    "AE-16": _("Fainting"),
    "AE-17": _("Headache"),
    "AE-18": _("Swelling of the forehead or eyelids"),
    "AE-19": _("Long infection with slow-growing germs (mycobacteria)"),
    "AE-20": _("Too much local anaesthetic in the blood"),
    "AE-21": _("Lumps under the skin"),
    "AE-22": _("Unwanted hair on the forehead or temples"),
    "AE-23": _("Less desire, other sexual problems or low mood"),
    "AE-24": _("Eye or ear hurt by the skin cleaner"),
    "AE-25": _("Stained skin"),
    "AE-26": _("A numb patch"),
}
ONLY_WITH = {
    "AE-22": ("DRG_MINOXIDIL",),
    "AE-23": ("DRG_DUTASTERIDE", "DRG_FINASTERIDE"),
    "AE-25": ("MIN_IRON",),
}
NOT_FOR_PATIENTS = ("AE-27",)
OFTEN = {"yes": _("Common"), "possible": _("Possible"), "no": _("Not expected")}
COUNT = _("nobody has counted how often")

SIGNS = {
    "airway_sign": _("a swollen tongue or throat"),
    "breathing_sign": _("trouble breathing"),
    "circulation_sign": _("cold, grey skin with a racing heart"),
    "seizure": _("a fit"),
    "worst_headache": _("a sudden headache, the worst ever, with weakness or trouble speaking"),
    "fever": _("fever of 38 °C or more"),
    "late_severe_pain": _("strong or growing pain after two days"),
    "white_or_blue_skin": _("white, blue or black skin"),
    "faint": _("fainting"),
}

EVIDENCE = {
    "E1": _("two or more controlled studies, of limited quality"),
    "E2": _("one controlled study"),
    "E3": _("only series of patients without a comparison"),
    "E4": _("only tested as one part of a mixture, or not as an injection"),
    "E0": _("no study found"),
    "EN": _("studies speak against it"),
    "anaesthesia": _("given to numb the skin, not to grow hair"),
}

ALTERNATIVES = (
    _("Minoxidil lotion or foam on the scalp"),
    _("For men: finasteride tablets; other tablets that a doctor can prescribe"),
    _("Minoxidil tablets, which are used outside their licence"),
    _("Platelet-rich plasma"),
    _("Low-level light"),
    _("Hair transplant"),
    _("Camouflage, hairpieces and wigs"),
    _("Treating the cause alone, for example low iron"),
    _("Waiting and watching, or no treatment at all"),
)

QUESTIONS = (
    {
        "id": "infection",
        "question": _("Two days later your scalp is hot, red and the redness grows. What do you do?"),
        "answers": {
            "wait": _("Wait for the next session"),
            "call": _("Call the clinic the same day"),
            "wash": _("Wash it with tap water"),
        },
        "right": "call",
        "why": _("It may be an infection. Call the clinic the same day: early help matters."),
    },
    {
        "id": "promise",
        "question": _("Can we promise that your hair grows back?"),
        "answers": {"yes": _("Yes, if I come to every session"), "no": _("No, it may not work for me")},
        "right": "no",
        "why": _("Nobody can promise it. It may not work for you, and results vary."),
    },
)

CHOICES = {
    "CE-15": {
        "record": _("Photographs for my record, seen by the treating team"),
        "teaching": _("Photographs for teaching inside the clinic"),
        "publication": _("Photographs in a publication"),
        "marketing": _("Photographs for advertising"),
    },
    "CE-16": {
        "email": _("Reminders and check-ins by e-mail"),
        "phone": _("Reminders by phone"),
        "sms": _("Reminders by text message, without health details"),
    },
}
PLAN_CHANGES = _(
    "A new illness, medicine, pregnancy or reaction, what we find on the day, "
    "or poor results at a check can change or stop the plan. Tell us before each session."
)
