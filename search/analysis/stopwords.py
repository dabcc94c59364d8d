"""Words so common in a language that they tell no passage from another, by ISO 639-1 code."""

from __future__ import annotations

_WORDS = {
    "ar": """
        أن أنا أنت أو أي أين إلى إن التي الذي الذين الى بعد بعض بل به بها بين تكون تلك ثم حتى حول
        خلال ذلك على عليه عليها عن عند عندما غير في فيه فيها قبل قد كان كانت كانوا كل كم كما كيف
        لا لدى لكن لم لماذا لن له لها ليس ما ماذا متى مع من منذ منه منها نحن هذا هذه هل هم هن هو
        هي و يكون
    """,
    "ca": """
        a al als amb aquell aquella aquest aquesta aquests com de del dels des e el ella ells els
        en entre era està ha han hi i jo la les li lo molt més na ni no o on pel pels per perquè
        però qual quan qui quin quina quines quins què s'ha se ser seu seva si sobre són també un
        una unes uns va van és
    """,
    "cs": """
        a aby ale ani až bude by byl byla byli bylo být co což do ho i jak jako je jeho jej jejich
        její jen jsou k kam kde kdo kdy ke která které který ku mezi mu má mít na nad ne nebo není
        než o od on ona oni po pod podle pro proto protože proč při s se si sice ta tak také tam
        ten tento to tohoto toto u v ve více však z za ze že
    """,
    "da": """
        af alle at da de dem den denne der deres det dette dig din du efter ej eller en er et for
        fra ham han hans har havde hendes her hun hvad hvem hvilke hvilken hvilket hvis hvor
        hvordan hvorfor hvornår i ikke ind jeg kan kun man med meget men mig min mod nu når og
        også om op os over på sig sin skal som til ud under var ved vi vil være
    """,
    "de": """
        aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist da
        damit dann das dass daß dem den denn der des dessen dich die dies diese diesem diesen
        dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch für
        gegen hab habe haben hat hatte hatten hier hinter ich ihm ihn ihnen ihr ihre ihrem ihren
        ihrer ihres im in ins ist ja jede jedem jeden jeder jedes kann kein keine keinen keiner
        können könnte man mein meine meinem meinen meiner mich mir mit muss nach nicht nichts noch
        nun nur ob oder ohne sehr sein seine seinem seinen seiner seines seit sich sie sind so
        soll sollte sondern um und uns unser unsere unter vom von vor war waren warum was weil
        welche welchem welchen welcher welches wem wen wenn wer werde werden wessen wie wieviel
        will wir wird wo wurde wurden während zu zum zur zwischen über
    """,
    "el": """
        ένα ένας έχει έχουν ή ήταν αλλά αν από αυτά αυτές αυτή αυτοί αυτό αυτός για γιατί δε δεν
        είναι είχαν είχε ενός ενώ επίσης η θα και κατά κι μία μας με μετά μεταξύ μη μην μια μιας
        μου να ο οι ποια ποιες ποιο ποιοι ποιον ποιος ποιών που πού προς πως πόσα πόσες πόσο πόσοι
        πότε πώς σας σε σου στα στη στην στις στο στον στους τα τη την της τι τις το τον του τους
        των ως ό,τι όμως όπως όταν ότι
    """,
    "en": """
        a about above after again against all am an and any are aren't as at be because been
        before being below between both but by can can't could couldn't did didn't do does doesn't
        doing don't down during each few for from further had hadn't has hasn't have haven't
        having he he's her here here's hers herself him himself his how how's i i'd i'll i'm i've
        if in into is isn't it it's its itself just let's me more most my myself no nor not now of
        off on once only or other our ours ourselves out over own same she she's should shouldn't
        so some such than that that's the their theirs them themselves then there there's these
        they they're they've this those through to too under until up very was wasn't we we're
        we've were weren't what what's when when's where where's which while who who's whom why
        will with won't would wouldn't you you'll you're you've your yours yourself yourselves
    """,
    "es": """
        a al algo algunas algunos ante antes aquel aquella como con contra cual cuando cuál cuáles
        cuándo cuánta cuántas cuánto cuántos cómo de del desde donde durante dónde e el ella ellas
        ellos en entre era eran es esa esas ese eso esos esta estaba estas este esto estos está
        están fue fueron ha había han hasta hay la las le les lo los me mi mis mucho muy más ni no
        nos o os otra otro para pero poco por porque que quien quién quiénes qué se sea ser si
        sido sin sobre son su sus sí también tan tanto te tiene tienen todo todos tu un una unas
        uno unos y ya yo él
    """,
    "fi": """
        ei eivät en enää että he heidän hän hänen häntä ja jo joita joka jonka jos jossa jota
        jotka kai kanssa keitä kenen ketä kuin kuinka kuka kun kuten me mihin miksi mikä millainen
        milloin millä minä missä mistä mitkä mitä mutta myös ne niiden niin niitä noin nyt oli
        olivat olla olleet ollut on ovat se sekä sen siinä sinä sitä tai te tuo tämä tämän tässä
        tätä vaan vai vain voi
    """,
    "fr": """
        a ai alors après as au aucun aussi autre aux avait avant avec avez avoir ayant c ce ceci
        cela celle celles celui ces cet cette ceux chez comme comment d dans de depuis des donc
        dont du elle elles en encore entre es est et eu eux fait font fut il ils j je jusqu l la
        laquelle le lequel les lesquels leur leurs lui là m ma mais me mes moi mon même n ne ni
        nos notre nous on ont ou où par parce pas pendant peu peut plus plusieurs pour pourquoi qu
        quand que quel quelle quelles quels qui quoi s sa sans se sera ses si son sont sous sur t
        ta te tes toi ton tous tout toute toutes très tu un une vers vos votre vous y à ça étaient
        était étant été être
    """,
    "hi": """
        अगर अपना अपनी अपने इन इस इसके उन उनके उस उसके एक और कब कर करना करने कहाँ कहां का कि कितना
        कितनी कितने किया किस किसने किसी किसे की के कैसे को कौन कौनसा क्या क्यों गई गए गया जब जिस
        जिसे जो तक तब तो था थी थे द्वारा न नहीं ने पर बाद भी में यह या ये रहा रही रहे लिए वह वे
        साथ से ही हुआ हुई हुए है हैं हो होता होती होते
    """,
    "hu": """
        a aki akik alatt amely amelyek ami amikor az azok azt be csak de egy el ez ezek ezt fel ha
        hogy hogyan hol honnan hova hány is itt ki kik között le lesz lett meg mely melyek melyik
        mennyi mi mikor mint mit miért már még nem ott rá szerint te ti után vagy van vannak volna
        volt voltak által át én és így úgy ő ők
    """,
    "id": """
        ada adalah agar akan aku anda antara apa apakah atau bagaimana bagi bahwa banyak berapa
        bisa bukan dalam dan dapat dari dengan di dia hanya harus ini itu jika juga kami kapan
        karena ke kepada ketika kita lain lebih maka mana mengapa mereka namun oleh pada para pun
        saat saja sama sampai sangat saya sebagai sebuah secara seperti serta siapa suatu sudah
        tak telah tentang tersebut tetapi tidak untuk yaitu yang
    """,
    "it": """
        a ad agli ai al alla alle allo anche avere aveva c che chi ci come con cosa cui d da dagli
        dai dal dalla dalle dallo degli dei del della delle dello di dove due e ed era erano
        essere fra furono gli ha hanno i il in io l la le lei li lo loro lui ma me mi mia mio ne
        negli nei nel nella nelle nello noi non nostro o per perché però più quale quali quando
        quante quanti quanto quella quelle quelli quello questa queste questi questo qui se senza
        si sia sono sta stato su sua sue sugli sui sul sulla sulle suo suoi tra tu un una uno vi
        voi è
    """,
    "nl": """
        aan al alle als bij dan dat de deze die dit doch door dus een en er had hadden heb hebben
        heeft hem het hier hij hoe hoeveel hun ik in is ja je kan kunnen maar me meer men met mij
        mijn moet na naar niet niets nog nu of om ons onze ook op over te tegen toch toen tot u
        uit uw van veel voor waar waarom wanneer waren was wat we wel welk welke werd werden wie
        wij wil word worden wordt zal ze zelf zich zij zijn zo zonder zou
    """,
    "no": """
        alle at av både da de deg dei dem den denne der dere deres det dette du då eg eit eller en
        er et ett etter for fordi fra før ha hadde han hans har hennes her hun hva hvem hvilke
        hvilken hvis hvor hvordan hvorfor i ikke ikkje ingen inn jeg kan korleis kva kven kvifor
        man med meg men mot mye må ned noe noen nå når og også om opp oss over på seg sin skal som
        så til ut var ved vi vil ville være vært
    """,
    "pl": """
        a aby albo ale ani bardzo bez bo by być był była było były będzie co czy czyli dla do gdy
        gdzie go i ich ile im ja jak jaka jaki jakie jako je jego jej jest już kiedy kim kto która
        które który których którzy lub ma mają mi między mu my na nad nich nie niej niż o od on
        ona one oni oraz po pod podczas ponieważ przed przez przy się są ta tak także tam te tego
        tej ten to tu tych tym u w we więc wszystko z za ze został została że
    """,
    "pt": """
        a ao aos aquela aquele aquilo as até com como da das de dela dele deles depois do dos e
        ela elas ele eles em entre era eram essa essas esse esses esta estas este estes está estão
        eu foi foram há isso isto já lhe mais mas me mesmo meu minha muito na nas nem no nos nossa
        nosso num numa não nós o onde os ou para pela pelas pelo pelos por porque quais qual
        quando quantas quanto quantos que quem quê se seja sem ser seu seus sob sobre sua suas são
        só também te tem tinha têm um uma umas uns você à às é
    """,
    "ro": """
        a acea aceasta această aceea acel acest acesta aceste acestea acești ai al ale am ar are
        as au avea care ce cea cei cel cele cine cu cum când cât câte câți că cărei cărui da dar
        de deci din dintre după e ea ei el ele era erau este eu fi fiind fost fără i la le lor lui
        mai mult ne nici nu o ori pe pentru prin sa sale sau se su sub sunt să te toate tot tu un
        una unde unei unele unor unui va vor îi îl în într între își și
    """,
    "ru": """
        а без более был была были было быть в вам вас весь во вот все всего всех вы где да для до
        его ее ей ему если есть еще ещё её же за здесь и из или им их к как какая какие каких
        какой каком кем когда кого кому которая которого которой котором которые который которых
        кто куда ли либо между меня мне может можно мой мы на над надо нас не него нее нет неё ни
        ним них но ну о об однако он она они оно от отчего очень по под после потому почему при
        про с сам свой себя сколько со так также такой там тем то того тоже той только том тот ты
        у уже хотя чего чей чем через что чтобы чье чья эта эти этих это этого этой этом этот я
    """,
    "sv": """
        alla allt att av blev bli blir både de dem den denna deras dess det detta dig din du där
        då efter ej eller en er ett från för genom ha hade han hans har hennes hon honom hos hur
        här i icke inte jag kan man med mellan men mig min mot mycket ni nu när någon något och om
        oss på samma sedan sig sin sina ska skall som så till under upp ut utan vad var vara
        varför vart vem vi vid vilka vilken vilket än är åt över
    """,
    "tr": """
        acaba ama ancak bazı ben bir biz bu da daha de değil diye en gibi göre hangi hangisi hem
        hep her hiç ile ise için işte kadar kaç ki kim kime kimi kimin mi mu mü mı nasıl ne neden
        nedir nerede nereden nereye niçin o olan olarak oldu olduğu olup on onlar onu onun sen siz
        sonra tarafından ve veya ya yani zaman çok çünkü şey şu
    """,
    "vi": """
        ai bao bởi cho các có cũng của dưới gì hay hoặc khi không là lại mà một nhiêu như nhưng
        những nào này nên nếu ra rằng sao sẽ theo thì thế trong trên tại từ và vào vì về với đang
        đâu đã đó được đến để ở
    """,
}
#: Other codes for the same words.
_ALIKE = {"nb": "no", "nn": "no"}

_SETS = {language: frozenset(text.split()) for language, text in _WORDS.items()}
_NONE: frozenset[str] = frozenset()


def stop_words(language: str) -> frozenset[str]:
    """The words left out of texts in ``language``; English ones where it is not known."""
    return _SETS.get(_ALIKE.get(language, language) or "en", _NONE)
