"""What Snowball's English stemmer does not know: irregular forms and British spelling."""

from __future__ import annotations

import re

#: Each line: a base form and the irregular forms that stand for it. Forms that are as often another
#: word (found, saw, left, felt, ground, wound, bore, rose, lay, bit, thought) are left out.
_FORMS = """
arise arose arisen
awake awoke awoken
become became
begin began begun
bend bent
bind bound
blow blew blown
break broke broken
breed bred
bring brought
build built
burn burnt
buy bought
catch caught
choose chose chosen
cling clung
come came
creep crept
deal dealt
dig dug
draw drew drawn
dream dreamt
drink drank drunk
drive drove driven
eat ate eaten
fall fell fallen
feed fed
fight fought
flee fled
fly flew flown
forbid forbade forbidden
forget forgot forgotten
forgive forgave forgiven
freeze froze frozen
get got gotten
give gave given
go went gone goes
grow grew grown
hang hung
hear heard
hide hid hidden
hold held
keep kept
kneel knelt
know knew known
lead led
learn learnt
lend lent
lose lost
make made
mean meant
meet met
overcome overcame
pay paid
prove proven
ride rode ridden
ring rang rung
rise risen
run ran
say said
seek sought
sell sold
send sent
shake shook shaken
shine shone
show shown
shrink shrank shrunk
sing sang sung
sink sank sunk
sit sat
sleep slept
slide slid
speak spoke spoken
spell spelt
spend spent
spin spun
spoil spoilt
stand stood
steal stole stolen
stick stuck
sting stung
strike struck
swear swore sworn
sweep swept
swell swollen
swim swam swum
swing swung
take took taken
teach taught
tear tore torn
tell told
throw threw thrown
undergo underwent undergone
understand understood
undertake undertook undertaken
wake woke woken
wear wore worn
weave wove woven
weep wept
win won
withdraw withdrew withdrawn
write wrote written
child children
foot feet
goose geese
louse lice
man men
mouse mice
ox oxen
person people
tooth teeth
woman women
calf calves
half halves
hoof hooves
knife knives
leaf leaves
life lives
loaf loaves
scarf scarves
self selves
shelf shelves
thief thieves
wife wives
wolf wolves
analyse analysis analyses
axis axes
basis bases
crisis crises
diagnose diagnosis diagnoses
ellipsis ellipses
hypothesise hypothesis hypotheses
emphasise emphasis emphases
metamorphosis metamorphoses
neurosis neuroses
oasis oases
parenthesis parentheses
prognosis prognoses
synopsis synopses
synthesise synthesis syntheses
paralyse paralysis
catalyse catalysis
hydrolyse hydrolysis
thesis theses
appendix appendices
index indices
matrix matrices
vertex vertices
vortex vortices
alga algae
antenna antennae
formula formulae
larva larvae
nebula nebulae
vertebra vertebrae
bacterium bacteria
criterion criteria
curriculum curricula
medium media
memorandum memoranda
phenomenon phenomena
spectrum spectra
stratum strata
symposium symposia
bacillus bacilli
cactus cacti
focus foci
fungus fungi
locus loci
nucleus nuclei
radius radii
stimulus stimuli
corpus corpora
genus genera
bureau bureaux
plateau plateaux
quiz quizzes
"""
#: Each line: an American spelling and the British ones.
_SPELLINGS = """
aging ageing
airplane aeroplane
aluminum aluminium
anemia anaemia
anesthesia anaesthesia
caliber calibre
catalog catalogue
center centre
check cheque
defense defence
dialog dialogue
diarrhea diarrhoea
edema oedema
esophagus oesophagus
estrogen oestrogen
fetal foetal
fetus foetus
fiber fibre
gray grey
gynecology gynaecology
hematology haematology
hemoglobin haemoglobin
hemorrhage haemorrhage
judgment judgement
leukemia leukaemia
license licence
liter litre
maneuver manoeuvre
meter metre
mold mould
molt moult
offense offence
orthopedic orthopaedic
pajamas pyjamas
pediatric paediatric
plow plough
practice practise
program programme
skeptic sceptic
skeptical sceptical
skillful skilful
sulfate sulphate
sulfur sulphur
theater theatre
tire tyre
traveler traveller
"""
_IN_OUR = re.compile(
    r"(?<=\w{3})our(?=(?:s|ed|ing|al|ally|able|ably|ite|ites|ful|less|er|ers|y)?$)"
)
_IN_IZE = re.compile(r"(?<=\w{3})([iy])z(?=(?:e|es|ed|er|ers|ing|ation|ations|able)$)")


def _table(lines: str) -> dict[str, str]:
    rows = (line.split() for line in lines.strip().splitlines())
    return {form: base for base, *forms in rows for form in forms}


_BASES = _table(_FORMS)
_AMERICAN = _table(_SPELLINGS)


def regular(word: str) -> str:
    """An English word, lower case, in the form the stemmer goes on from.

    Irregular forms give their base; British spelling gives American, by a list and by two rules:
    -our is taken for -or, but -ize and -yze for -ise and -yse, as the stemmer takes "revise" and
    "revision" together only so. The rules hit words that have no other spelling ("contour"), which
    does no harm, as all their forms are changed alike.
    """
    word = word.removesuffix("'s")
    base = _BASES.get(word)
    if base is not None:
        return base
    american = _AMERICAN.get(word)
    if american is None and word.endswith("s"):
        american = _AMERICAN.get(word[:-1])
    if american is not None:
        return american
    if "our" in word:
        word = _IN_OUR.sub("or", word)
    if "z" in word:
        word = _IN_IZE.sub(r"\1s", word)
    return word
