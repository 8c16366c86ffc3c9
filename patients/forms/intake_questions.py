"""What a patient is asked before the visit, in plain words: one topic a page, every answer one that they can know.

The questions stand here and not in the catalogue: they put the same inputs (clinical.md 2.1) into other words, and a
release's digest covers its clinical content. Examination, laboratory and what a doctor judges are never asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise
ALLERGIES, REACTIONS = "allergies", "reactions"
MALE = "male"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question; `field` is the field of the consultation that the answer is proposed for.

    `when` is (another question of the page, its answers) under which it applies; `labels` name the answers.
    """

    field: str
    question: Words
    hint: Words = ""
    labels: Mapping[str, Words] | None = None
    when: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """One page. `not_for` is a sex at birth to which it does not apply."""

    id: str
    title: Words
    asks: tuple[Ask, ...]
    lead: Words = ""
    not_for: str = ""


_NONE = {"none": _("None of these")}
TOPICS: tuple[Topic, ...] = (
    Topic(
        "about",
        _("About you"),
        (
            Ask(
                "sex_at_birth",
                _("What sex were you recorded as at birth?"),
                _("Some medicines act differently. This is separate from your gender."),
                {"female": _("Female"), "male": _("Male"), "intersex": _("Intersex")},
            ),
            Ask("weight_kg", _("How much do you weigh, in kilograms?"), _("Leave it empty if you do not know.")),
        ),
    ),
    Topic(
        "hair",
        _("Your hair"),
        (
            Ask("onset_on", _("When did your hair loss begin?"), _("About is enough, for example 1 5 2024.")),
            Ask(
                "notes__complaint",
                _("What have you noticed, and where on your head?"),
                _("For example: thinner at the parting, more hair in the shower, an itch."),
            ),
        ),
    ),
    Topic(
        "pregnancy",
        _("Pregnancy"),
        (
            Ask(
                "childbearing_potential",
                _("Could you become pregnant?"),
                _("No means: no period for a year after the menopause, or womb or both ovaries removed."),
                {"yes": _("Yes"), "no": _("No")},
            ),
            Ask(
                "pregnancy_status",
                _("Are you pregnant now?"),
                "",
                {"not_pregnant": _("No"), "possible": _("It is possible"), "pregnant": _("Yes")},
                ("childbearing_potential", ("yes",)),
            ),
            Ask("breastfeeding", _("Are you breastfeeding?"), "", None, ("childbearing_potential", ("yes",))),
        ),
        not_for=MALE,
    ),
    Topic(
        "plans",
        _("Plans for a child"),
        (
            Ask(
                "conception_plan_6mo",
                _("Do you plan to have a child in the next 6 months?"),
                _("We ask everybody, women and men: some hair medicines must not be used then."),
            ),
        ),
    ),
    Topic(
        ALLERGIES,
        _("Allergies"),
        (
            Ask(
                ALLERGIES,
                _("Are you allergic to anything?"),
                "",
                {"yes": _("Yes"), "no": _("No, to nothing that I know of")},
            ),
            Ask(
                "classes",
                _("To which of these?"),
                _("Choose all that apply."),
                {
                    "la_unspecified": _("An injection that numbs, for example at the dentist"),
                    "mesotherapy_mix_unknown": _("A mesotherapy injection"),
                    "injection_unknown": _("Another injection"),
                    "minoxidil": _("Minoxidil"),
                    "latex": _("Latex (rubber gloves, balloons)"),
                    "adhesive": _("Plasters"),
                    "chlorhexidine": _("Skin disinfectant: chlorhexidine"),
                    "povidone_iodine": _("Skin disinfectant: iodine"),
                    "fish": _("Fish"),
                    "soy": _("Soy"),
                    "bee_wasp_venom": _("Bee or wasp stings"),
                },
                (ALLERGIES, ("yes",)),
            ),
            Ask(
                "notes__allergies",
                _("Anything else you are allergic to, such as a medicine?"),
                _("Write what it was and what happened."),
                None,
                (ALLERGIES, ("yes",)),
            ),
        ),
    ),
    Topic(REACTIONS, _("What happened"), (), _("Choose the worst that happened each time.")),
    Topic(
        "allergic",
        _("Asthma and allergic illness"),
        (
            Ask("uncontrolled_asthma", _("Do you have asthma that often troubles you?")),
            Ask("mast_cell_disorder", _("Have you been told that you have mastocytosis?"), _("A rare illness.")),
        ),
    ),
    Topic(
        "thinners",
        _("Medicines that thin the blood"),
        (
            Ask(
                "anticoagulant",
                _("Do you take a blood thinner?"),
                "",
                {
                    "none": _("No"),
                    "warfarin": _("Yes: warfarin, acenocoumarol or phenprocoumon"),
                    "doac": _("Yes: apixaban, rivaroxaban, edoxaban or dabigatran"),
                    "heparin": _("Yes: heparin injections"),
                },
            ),
            Ask(
                "antiplatelet",
                _("Has a doctor told you to take tablets against clots, such as aspirin or clopidogrel?"),
                "",
                {"none": _("No"), "single": _("Yes, one of them"), "dual": _("Yes, two of them together")},
            ),
            Ask(
                "otc_bleeding_supplements",
                _("Do you take any of these by yourself?"),
                _("Aspirin, ibuprofen, fish oil, ginkgo, garlic capsules, vitamin E or ginseng."),
            ),
        ),
    ),
    Topic(
        "hair-medicines",
        _("Medicines for hair and skin"),
        (
            Ask(
                "isotretinoin",
                _("Have you taken acne capsules (isotretinoin)?"),
                "",
                {"never": _("Never"), "current": _("I take them now"), "stopped": _("I have stopped")},
            ),
            Ask(
                "isotretinoin_stopped_on",
                _("When did you take the last one?"),
                _("For example 14 3 2026."),
                None,
                ("isotretinoin", ("stopped",)),
            ),
            Ask("oral_minoxidil", _("Do you take minoxidil tablets?")),
            Ask("oral_5ari", _("Do you take finasteride or dutasteride tablets?")),
        ),
    ),
    Topic(
        "medicines",
        _("Your other medicines"),
        (
            Ask("antihypertensives", _("Do you take medicines for high blood pressure?")),
            Ask("beta_blocker", _("Do you take a beta-blocker?"), _("Their names end in -olol, such as bisoprolol.")),
            Ask(
                "notes__drugs",
                _("Write down all other medicines and supplements that you take."),
                _("You can copy the names from the boxes."),
            ),
        ),
    ),
    Topic(
        "earlier",
        _("Earlier treatments"),
        (
            Ask(
                "prior_course",
                _("Have you had injections into the scalp (mesotherapy) before?"),
                "",
                {
                    "none": _("Never"),
                    "responder": _("Yes, they helped"),
                    "non_responder": _("Yes, they did not help"),
                },
            ),
            Ask(
                "prior_meso_reaction",
                _("Did you ever have a reaction to such injections?"),
                "",
                {
                    "none": _("No, or I never had any"),
                    "mild": _("A mild one that passed by itself"),
                    "grade2_unresolved": _("A moderate one that is still there"),
                    "grade3": _("A severe one that needed treatment"),
                    "sentinel": _("A serious one: dead skin, abscess, scar, allergic shock or poisoning"),
                },
            ),
        ),
    ),
    Topic(
        "procedures",
        _("Operations on the scalp"),
        (
            Ask("transplant_on", _("Have you had a hair transplant? When?"), _("Leave it empty if you had none.")),
            Ask(
                "scalp_procedure_on",
                _("When was your last injection, laser, peel or needling of the scalp?"),
                _("Leave it empty if you had none."),
            ),
        ),
    ),
    Topic(
        "heart",
        _("Heart and circulation"),
        (
            Ask(
                "cardiac",
                _("Do you have, or have you had, any of these?"),
                _("Choose all that apply."),
                _NONE
                | {
                    "mi": _("Heart attack"),
                    "stroke_tia": _("Stroke, or a short one (TIA)"),
                    "unstable_angina": _("Chest pain from the heart, also at rest"),
                    "stable_angina": _("Chest pain from the heart, on effort only"),
                    "arrhythmia": _("Irregular heartbeat"),
                    "heart_failure": _("Weak heart"),
                    "pericardial_disease": _("Illness of the sac around the heart"),
                    "pulm_htn_mitral_stenosis": _("High pressure in the lungs from a narrow heart valve"),
                    "phaeochromocytoma": _("Phaeochromocytoma (a rare tumour)"),
                },
            ),
            Ask(
                "cv_event_on",
                _("When was the last heart attack, stroke or chest pain at rest?"),
                _("About is enough, for example 14 3 2020."),
                None,
                ("cardiac", ("mi", "stroke_tia", "unstable_angina")),
            ),
        ),
    ),
    Topic(
        "blood",
        _("Blood and sugar"),
        (
            Ask("bleeding_disorder", _("Do you bleed longer than others, or do you have a bleeding illness?")),
            Ask(
                "diabetes",
                _("Do you have diabetes?"),
                "",
                {
                    "none": _("No"),
                    "type1": _("Yes, type 1"),
                    "type2": _("Yes, type 2"),
                    "other": _("Yes, another type"),
                },
            ),
        ),
    ),
    Topic(
        "nerves",
        _("Fits and fainting"),
        (
            Ask("epilepsy", _("Do you have epilepsy?")),
            Ask(
                "last_seizure_on",
                _("When was your last fit?"),
                _("About is enough, for example 14 3 2020."),
                None,
                ("epilepsy", ("yes",)),
            ),
            Ask(
                "needle",
                _("How are you with needles?"),
                "",
                {
                    "none": _("No problem"),
                    "vasovagal": _("I have fainted"),
                    "phobia": _("I am very afraid of them"),
                },
            ),
        ),
    ),
    Topic(
        "cancer",
        _("Cancer"),
        (
            Ask(
                "cancer",
                _("Do you have, or have you had, cancer?"),
                "",
                {
                    "none": _("No"),
                    "active": _("Yes, now, or treatment goes on"),
                    "remission": _("Yes, in the past"),
                },
            ),
            Ask(
                "cancer_treatment_ended_on",
                _("When did the treatment end?"),
                _("About is enough, for example 14 3 2020."),
                None,
                ("cancer", ("remission",)),
            ),
            Ask(
                "scalp_radiotherapy_or_skin_cancer",
                _("Have you had radiotherapy of the head, or skin cancer on it?"),
            ),
        ),
    ),
    Topic(
        "skin",
        _("Skin and immune system"),
        (
            Ask(
                "keloid",
                _("Do your scars grow thick and raised (keloids)?"),
                "",
                {
                    "none": _("No"),
                    "head_neck": _("Yes, on scalp, face, ears or neck"),
                    "elsewhere": _("Yes, only elsewhere"),
                },
            ),
            Ask(
                "autoimmune",
                _("Do you have an illness in which the body attacks itself, such as lupus?"),
                "",
                {"none": _("No"), "stable": _("Yes, it is calm"), "flare": _("Yes, it is active now")},
            ),
            Ask(
                "notes__medical",
                _("Which other illnesses or operations should we know of?"),
                _("For example thyroid, liver, kidneys, anaemia, a weak immune system."),
            ),
        ),
    ),
    Topic(
        "hopes",
        _("What you hope for"),
        (
            Ask(
                "expect__goal",
                _("What do you hope for most?"),
                "",
                {
                    "less shedding": _("Less hair falling out"),
                    "thicker hair": _("Thicker hair"),
                    "regrowth": _("New hair"),
                    "hair quality": _("Stronger, shinier hair"),
                    "maintenance after transplant": _("To keep the result of a transplant"),
                    "other": _("Something else"),
                },
            ),
            Ask(
                "expect__accepts_no_result",
                _("It may not work. Can you accept that?"),
                "",
                {"yes": _("Yes"), "no": _("No")},
            ),
            Ask("notes__psychology", _("Is there anything that you want to ask or tell us?")),
        ),
    ),
)
HAPPENED: Mapping[str, Words] = {
    "contact": _("A rash where it touched the skin"),
    "urticaria": _("Itchy weals (hives)"),
    "bronchospasm": _("Wheezing, hard to breathe"),
    "angioedema": _("Swollen face, lips, tongue or throat"),
    "anaphylaxis": _("Allergic shock (anaphylaxis)"),
    "collapse_unexplained": _("I collapsed, nobody knows why"),
}
