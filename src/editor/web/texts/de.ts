/**
 * The German texts by the English ones, which stand in the code and in index.html. {} is a value; where German has another
 * order, {1} is the first one.
 *
 * One says Maske, Linien, Farben, Ergebnis, Netz and Verfeinerung, and writes instructions in the infinitive.
 */
export const german: Readonly<Record<string, string>> = {
  // index.html: the bar
  Photo: 'Foto',
  Open: 'Öffnen',
  Recent: 'Zuletzt',
  Examples: 'Beispiele',
  Save: 'Speichern',
  More: 'Mehr',
  'More files to save': 'Weitere Dateien speichern',
  'Finished photo as PNG': 'Fertiges Foto als PNG',
  Project: 'Projekt',
  'Mask as PNG': 'Maske als PNG',
  'Sketch as PNG': 'Skizze als PNG',
  'Colours as PNG': 'Farben als PNG',
  History: 'Verlauf',
  // Where there is little room words part at soft hyphens.
  Undo: 'Rück\u00ADgängig',
  Redo: 'Wieder\u00ADholen',
  'Not kept': 'Nicht gesichert',
  'Where the result is computed': 'Wo das Ergebnis berechnet wird',
  'Dark or light': 'Dunkel oder hell',
  Dark: 'Dunkel',
  Help: 'Hilfe',
  'Help and settings': 'Hilfe und Einstellungen',

  // index.html and ui/models-dialog.ts: the models
  Models: 'Modelle',
  'The hole as each model fills it. Press one to go on with it; undo goes back to the other.':
    'Die Maske, wie jedes Modell sie füllt. Mit dem angeklickten geht es weiter; Rückgängig führt zum anderen zurück.',
  'Models side by side': 'Modelle nebeneinander',
  'Go on with {}': 'Mit {} weitermachen',
  'sees {} px': 'sieht {} px',
  'in use': 'in Gebrauch',
  'Computing …': 'Wird berechnet …',
  'Takes no lines.': 'Nimmt keine Linien.',
  'Takes no colours.': 'Nimmt keine Farben.',
  'Has no l.': 'Hat kein l.',

  // index.html: the drawing
  'What is shown': 'Was zu sehen ist',
  Drawing: 'Zeichnung',
  Tools: 'Werkzeuge',
  'Photo with your drawing': 'Foto mit der Zeichnung',
  'Arrow keys move the brush, Enter puts it down and lifts it, Shift with the arrows moves the view, plus and minus zoom.':
    'Pfeiltasten bewegen den Pinsel, die Eingabetaste setzt ihn auf und hebt ihn ab, Umschalt mit Pfeiltasten verschiebt die Ansicht, Plus und Minus zoomen.',
  'Change a face by drawing': 'Gesichter zeichnend verändern',
  'Paint over what should change': 'Übermalen, was sich ändern soll',
  ', draw the lines that belong there': ', die Linien zeichnen, die dorthin gehören',
  ', and see the result at once.': ' – und sofort das Ergebnis sehen.',
  'This page was not loaded as a whole.': 'Diese Seite wurde nicht vollständig geladen.',
  'Load it again': 'Neu laden',
  'Open a photo': 'Foto öffnen',
  'Try an example': 'Beispiel ausprobieren',
  'Or drop or paste one here.': 'Oder hier ablegen oder einfügen.',
  'Your photo stays on this device.': 'Das Foto bleibt auf diesem Gerät.',
  'Your photo goes to {} and nowhere else.': 'Das Foto geht an {} und nirgendwohin sonst.',
  Faces: 'Gesichter',
  'Lines of the network': 'Linien des Netzes',
  'Take these lines': 'Diese Linien übernehmen',
  'They take the place of your lines inside the hole (Shift+N)':
    'Sie ersetzen die eigenen Linien in der Maske (Umschalt+N)',
  'Refined lines': 'Verfeinerte Linien',
  'What the network makes of your lines, over the drawing (N)':
    'Was das Netz aus den Linien macht, über der Zeichnung (N)',
  Zoom: 'Zoom',
  Out: 'Kleiner',
  'Zoom out': 'Verkleinern',
  In: 'Größer',
  'Zoom in': 'Vergrößern',
  Whole: 'Ganz',
  'Whole photo': 'Ganzes Foto',

  // index.html: the result
  Result: 'Ergebnis',
  'Before and after': 'Vorher und nachher',
  'The result appears here.': 'Hier erscheint das Ergebnis.',
  Results: 'Ergebnisse',
  'Results so far': 'Bisherige Ergebnisse',
  'The network continues what it is shown around the hole.':
    'Das Netz setzt fort, was es rund um die Maske sieht.',
  'Edges are made steeper, and grain and texture of the photo around are laid over what the network made.':
    'Kanten werden steiler, und Korn und Struktur des umgebenden Fotos werden über das gelegt, was das Netz gemalt hat.',
  'Sharpened:': 'Geschärft:',
  'the model’s {} px are {} px here ({} times)': '{} px des Modells sind hier {} px ({}-fach)',
  'Network sees': 'Das Netz sieht',
  'the hole’s surroundings': 'die Umgebung der Maske',
  'the face': 'das Gesicht',
  'the whole photo': 'das ganze Foto',

  // index.html: below them
  'Tool in hand': 'Gewähltes Werkzeug',
  'Ways to draw': 'Arten zu zeichnen',
  'Options of the tool': 'Optionen des Werkzeugs',
  'Delete lines': 'Linien löschen',
  'Lines from photo': 'Linien aus dem Foto',
  Edit: 'Bearbeiten',
  'Grow hole': 'Maske erweitern',
  'Shrink hole': 'Maske verkleinern',
  'Invert hole': 'Maske umkehren',
  'Hole or lines from a file …': 'Maske oder Linien aus Datei …',
  'Clear lines': 'Alle Linien löschen',
  'Clear colours': 'Alle Farben löschen',
  'Clear hole': 'Maske löschen',
  'Clear everything': 'Alles löschen',
  Size: 'Größe',
  Colour: 'Farbe',
  Refinement: 'Verfeinerung',
  'my lines': 'meine Linien',
  freer: 'freier',
  'Results at other l': 'Ergebnisse bei anderem l',
  'Use as photo': 'Als Foto verwenden',

  // index.html: the dialogs
  Close: 'Schließen',
  'Recent work': 'Letzte Arbeiten',
  'Kept in this browser alone: the latest 40 edits, up to about 1 GB, each with its history.':
    'Nur in diesem Browser gesichert: die letzten 40 Bearbeitungen, bis etwa 1 GB, jede mit ihrem Verlauf.',
  'Of the last 50 states of this edit. Take one to go back to it, with its drawing; undo and redo go on from there. What is compared stands left of the divider.':
    'Von den letzten 50 Schritten dieser Bearbeitung. Ein Klick führt zu einem zurück, samt seiner Zeichnung; von dort geht es mit Rückgängig und Wiederholen weiter. Was verglichen wird, steht links vom Teiler.',
  'What is this picture?': 'Was ist dieses Bild?',
  Hole: 'Maske',
  'where it is white': 'wo es weiß ist',
  Lines: 'Linien',
  'where it is dark': 'wo es dunkel ist',
  Colours: 'Farben',
  'where it is not see-through': 'wo es nicht durchsichtig ist',
  'to begin a new edit with': 'für eine neue Bearbeitung',
  'It takes the place of what is drawn of that, and is brought to the photo’s size. Undo takes it back.':
    'Es ersetzt, was davon gezeichnet ist, und wird auf die Größe des Fotos gebracht. Das lässt sich rückgängig machen.',
  'Hole.': 'Maske.',
  'Paint over what should change: only that changes.':
    'Übermalen, was sich ändern soll: Nur das ändert sich.',
  'Line.': 'Linie.',
  'Draw inside the hole how it should look, or begin with “Lines from photo” and redraw some.':
    'In die Maske zeichnen, wie es aussehen soll, oder mit „Linien aus dem Foto“ beginnen und einige neu zeichnen.',
  'Colour.': 'Farbe.',
  'A stroke or two inside the hole say of which colour it should be. “Pick” takes colours from the photo.':
    'Ein, zwei Striche in der Maske sagen, welche Farbe es haben soll. „Pipette“ nimmt Farben aus dem Foto auf.',
  'Refinement.': 'Verfeinerung.',
  'Low values follow your lines closely; high ones take them as a hint and correct them.':
    'Kleine Werte folgen den Linien genau; große nehmen sie als Hinweis und verbessern sie.',
  Language: 'Sprache',
  'Keys without Ctrl': 'Tasten ohne Strg',
  'A pen’s pressure changes the brush’s size': 'Der Druck des Stifts ändert die Größe des Pinsels',
  'Fingers draw also where a pen is used': 'Finger zeichnen auch, wenn ein Stift benutzt wird',
  'Drop a photo, a project, or a hole or lines for this photo':
    'Foto, Projekt oder Maske oder Linien für dieses Foto hier ablegen',

  // The examples
  'Drawings, and what this model makes of them. The people are drawn and do not exist.':
    'Zeichnungen, und was dieses Modell daraus macht. Die Menschen sind gezeichnet, es gibt sie nicht.',
  'Drawings, and what this model makes of them. The people are drawn and do not exist, but for the astronaut Eileen Collins (NASA).':
    'Zeichnungen, und was dieses Modell daraus macht. Die Menschen sind gezeichnet, es gibt sie nicht, bis auf die Astronautin Eileen Collins (NASA).',
  'Without the drawing': 'Ohne die Zeichnung',

  // What the model is
  'What the model can do': 'Was das Modell kann',
  '{} · {} px': '{} · {} px',
  '{}, {} px: the model that comes with the program': '{}, {} px: das Modell, das dem Programm beiliegt',
  '{}, {} px, {} steps: a demonstration': '{}, {} px, {} Schritte: zur Vorführung',
  '{}, {} px, {} steps': '{}, {} px, {} Schritte',
  'a hole': 'eine Maske',
  lines: 'Linien',
  'strokes of colour': 'Farbstriche',
  'refinement l': 'Verfeinerung l',
  Method: 'Verfahren',
  'Sees a face at': 'Sieht ein Gesicht mit',
  '{} x {} px': '{} x {} px',
  'Trained for': 'Trainiert',
  '{} steps': '{} Schritte',
  Takes: 'Nimmt',
  'Shows, too': 'Zeigt auch',
  'refined lines (S_gen)': 'verfeinerte Linien (S_gen)',
  'A demonstration: it shows how this works. A face of more pixels comes out soft; small changes, as of a mouth, come out best.':
    'Zur Vorführung: Es zeigt, wie das hier geht. Ein Gesicht mit mehr Pixeln wird unscharf; kleine Änderungen, etwa am Mund, gelingen am besten.',
  'It has seen drawn people alone, as those of the examples: photos of real people come out worse.':
    'Es hat nur gezeichnete Menschen gesehen, wie die der Beispiele: Fotos wirklicher Menschen gelingen schlechter.',
  'What it draws badly, as its model card says:': 'Was ihm misslingt, nach seiner Modellkarte (englisch):',

  // Several faces
  'Face {}': 'Gesicht {}',
  'The network sees this face.': 'Das Netz sieht dieses Gesicht.',
  'Go to this face and edit it.': 'Zu diesem Gesicht gehen und es bearbeiten.',
  'The hole is over another face. To go on with this one, use the result as photo and paint a hole here.':
    'Die Maske liegt auf einem anderen Gesicht. Um mit diesem weiterzumachen: das Ergebnis als Foto verwenden und hier eine Maske malen.',
  'The hole is over {} faces, and the network sees it around face {}. One face at a time is filled better.':
    'Die Maske liegt auf {} Gesichtern, und das Netz sieht sie um Gesicht {} herum. Jedes Gesicht für sich gelingt besser.',

  // What the examples change
  'A smile': 'Ein Lächeln',
  'A smile with closed lips': 'Ein Lächeln mit geschlossenen Lippen',
  Glasses: 'Eine Brille',
  'No smile': 'Kein Lächeln',
  'A thinner chin': 'Schmaleres Kinn',

  // Tools and their ways to draw
  'Hole: what changes': 'Maske: was sich ändert',
  Line: 'Linie',
  'Line inside the hole': 'Linie in der Maske',
  'Colour inside the hole': 'Farbe in der Maske',
  Erase: 'Radieren',
  'Erase what was drawn': 'Gezeichnetes radieren',
  Move: 'Hand',
  'Move the view': 'Ansicht verschieben',
  'Drag the photo. With every tool the space bar does so, too.':
    'Das Foto ziehen. Mit der Leertaste geht das auch bei jedem anderen Werkzeug.',
  Brush: 'Pinsel',
  'Hole brush': 'Maskenpinsel',
  'Paint over what should change.': 'Übermalen, was sich ändern soll.',
  'Line brush': 'Linienpinsel',
  'Draw inside the hole how it should look.': 'In die Maske zeichnen, wie es aussehen soll.',
  'Colour brush': 'Farbpinsel',
  'A stroke or two inside the hole say of which colour it should be.':
    'Ein, zwei Striche in der Maske sagen, welche Farbe es haben soll.',
  'Straight line': 'Gerade Linie',
  Straight: 'Gerade',
  'Drag from end to end.': 'Von einem Ende zum anderen ziehen.',
  Eraser: 'Radierer',
  'Rub out what you drew.': 'Gezeichnetes wegradieren.',
  'Steady: the brush is pulled on a string': 'Stabil: Der Pinsel wird an einer Schnur gezogen',
  Steady: 'Stabil',
  'Taper: lines end thin': 'Spitz: Linien laufen dünn aus',
  Taper: 'Spitz',
  'Own hole: lines outside the hole make it larger': 'Mit Maske: Linien außerhalb der Maske vergrößern sie',
  'Own hole': 'Mit Maske',
  Lasso: 'Lasso',
  'Erase with the lasso': 'Mit dem Lasso radieren',
  'Draw around what should change.': 'Umfahren, was sich ändern soll.',
  'Draw around what should go.': 'Umfahren, was weg soll.',
  Polygon: 'Polygon',
  'Erase a polygon': 'Polygon radieren',
  'Press at each corner, at the last one twice. Backspace takes a corner back.':
    'Auf jede Ecke klicken, auf die letzte zweimal. Die Rücktaste nimmt eine Ecke zurück.',
  Rectangle: 'Rechteck',
  'Erase a rectangle': 'Rechteck radieren',
  'Drag from corner to corner. Shift makes a square.': 'Von Ecke zu Ecke ziehen. Umschalt macht ein Quadrat.',
  Ellipse: 'Ellipse',
  'Erase an ellipse': 'Ellipse radieren',
  'Drag from corner to corner. Shift makes a circle.': 'Von Ecke zu Ecke ziehen. Umschalt macht einen Kreis.',
  Fill: 'Füllen',
  'Fill a closed line': 'Geschlossene Linie füllen',
  'Press inside a closed line: all that it goes around, and it, becomes hole.':
    'In eine geschlossene Linie klicken: Sie und alles, was sie umschließt, wird Maske.',
  'There is no closed line around this place: close the gap, or draw around it with the lasso.':
    'Um diese Stelle ist keine geschlossene Linie: die Lücke schließen oder sie mit dem Lasso umfahren.',
  Face: 'Gesicht',
  'Part of the face': 'Teil des Gesichts',
  'Erase a part of the face': 'Teil des Gesichts radieren',
  'Press an eye, a brow, nose, mouth, jaw, forehead or hair. Alt takes it away.':
    'Auf Auge, Braue, Nase, Mund, Kinn, Stirn oder Haar klicken. Alt nimmt es weg.',
  'Press the part of the face where what you drew should go.':
    'Auf den Teil des Gesichts klicken, in dem das Gezeichnete weg soll.',
  'the editor’s server finds the face, and this page has none':
    'Das Gesicht findet der Server des Editors, den diese Seite nicht hat',
  'Not on this page: {}.': 'Nicht auf dieser Seite: {}.',
  'There is no part of the face here.': 'Hier ist kein Teil des Gesichts.',
  'No face is found in this photo: mark the part with the lasso.':
    'In diesem Foto ist kein Gesicht zu finden: den Teil mit dem Lasso markieren.',
  'Right eye': 'Rechtes Auge',
  'Left eye': 'Linkes Auge',
  'Right brow': 'Rechte Braue',
  'Left brow': 'Linke Braue',
  Nose: 'Nase',
  Mouth: 'Mund',
  Jaw: 'Kinn',
  Forehead: 'Stirn',
  Hair: 'Haar',
  Pick: 'Pipette',
  'Pick a colour from the photo': 'Farbe aus dem Foto aufnehmen',
  'Press where the photo has the colour.': 'Dorthin klicken, wo das Foto die Farbe hat.',
  Select: 'Auswahl',
  'Select lines': 'Linien auswählen',
  'Press a line, or drag around several; then drag them, pull a corner, or press Delete. Shift adds.':
    'Linie anklicken oder mehrere umfahren; dann ziehen, an Ecken skalieren, mit Entf löschen. Umschalt: weitere.',
  'Nothing is selected. Press a line first.': 'Nichts ist ausgewählt. Zuerst eine Linie anklicken.',

  // Colours
  Teal: 'Türkis',
  Violet: 'Violett',
  Magenta: 'Magenta',
  White: 'Weiß',
  Black: 'Schwarz',
  Yellow: 'Gelb',
  'Light skin': 'Helle Haut',
  'Brown skin': 'Braune Haut',
  'Red lips': 'Rote Lippen',
  Blond: 'Blond',
  'Any colour': 'Beliebige Farbe',
  'Colour of the brush': 'Farbe des Pinsels',
  '{} pixels': '{} Pixel',
  '{}%': '{} %',

  // Keys, in the help
  Ctrl: 'Strg',
  Shift: 'Umschalt',
  Del: 'Entf',
  Arrows: 'Pfeile',
  'Move the brush, on the drawing': 'Pinsel bewegen, auf der Zeichnung',
  'Alt + arrows': 'Alt + Pfeile',
  'Move it by one pixel': 'Um ein Pixel bewegen',
  Enter: 'Eingabe',
  'Put the brush down, lift it': 'Pinsel aufsetzen, abheben',
  'Shift + arrows': 'Umschalt + Pfeile',
  'Space + drag': 'Leertaste + Ziehen',
  'Right button': 'Rechte Maustaste',
  'Ways to draw, from left to right': 'Arten zu zeichnen, von links',
  'Erase hole': 'Maske radieren',
  'Erase lines': 'Linien radieren',
  'Erase colours': 'Farben radieren',
  'Hole or lines from a file': 'Maske oder Linien aus Datei',
  'Save the project': 'Projekt speichern',
  'Save the result': 'Ergebnis speichern',
  'Smaller brush': 'Kleinerer Pinsel',
  'Larger brush': 'Größerer Pinsel',
  'Less refinement': 'Weniger Verfeinerung',
  'More refinement': 'Mehr Verfeinerung',
  'Take the refined lines': 'Verfeinerte Linien übernehmen',
  'Before or after': 'Vorher oder nachher',
  'Use the result as photo': 'Ergebnis als Foto verwenden',

  // Hints that lead on
  'Paint over what should change: the hole.': 'Übermalen, was sich ändern soll: die Maske.',
  'Draw how it should look.': 'Zeichnen, wie es aussehen soll.',
  'Now take Line (L) and draw how it should look there.':
    'Jetzt mit „Linie“ (L) zeichnen, wie es dort aussehen soll.',
  'l: at 0 the result follows your lines, at 1 they are a hint.':
    'l: Bei 0 folgt das Ergebnis den Linien, bei 1 sind sie ein Hinweis.',

  // What the editor does and says
  'Opening {}': '{} wird geöffnet',
  'Opening the example': 'Das Beispiel wird geöffnet',
  'Opening what was here': 'Das zuletzt Geöffnete kommt zurück',
  'Looking at the picture': 'Das Bild wird angesehen',
  'Reading the picture': 'Das Bild wird gelesen',
  'Taking the result as photo': 'Das Ergebnis wird zum Foto',
  'Finding edges': 'Kanten werden gesucht',
  'Changing the drawing': 'Die Zeichnung wird geändert',
  'Taking the lines': 'Die Linien werden übernommen',
  'Writing the file': 'Die Datei wird geschrieben',
  'Going back to another photo': 'Zurück zu einem anderen Foto',
  'The result is the photo now.': 'Das Ergebnis ist jetzt das Foto.',
  'Go back': 'Zurück',
  'The photo has no edges inside the hole.': 'Das Foto hat in der Maske keine Kanten.',
  'A saved result will differ from this file outside the hole, too: {}.':
    'Ein gespeichertes Ergebnis wird sich auch außerhalb der Maske von dieser Datei unterscheiden: {}.',
  '“{}” is kept under Recent.': '„{}“ bleibt unter „Zuletzt“.',
  'Go back to it': 'Dorthin zurück',
  '“{}” is open in another tab.': '„{}“ ist in einem anderen Tab geöffnet.',
  '“{}” goes on in another tab.': 'Mit „{}“ geht es in einem anderen Tab weiter.',
  'Go on here': 'Hier weitermachen',
  'Another tab goes on with this edit or has deleted it. What you do here is kept as “{}”.':
    'Ein anderer Tab macht mit dieser Bearbeitung weiter oder hat sie gelöscht. Was hier geschieht, wird als „{}“ gesichert.',
  '{} (copy)': '{} (Kopie)',
  '“{}”': '„{}“',
  'Recent work was full: {}, the oldest, was removed.':
    'Bei den letzten Arbeiten war kein Platz mehr: Die älteste wurde entfernt ({}).',
  'The next picture takes the place of “{}”; save its project to keep it.':
    'Das nächste Bild ersetzt „{}“; wer es behalten will, speichert das Projekt.',
  'The editor’s worker failed ({}). What was drawn is kept: reload the page.':
    'Der Worker des Editors ist ausgefallen ({}). Das Gezeichnete ist gesichert: die Seite neu laden.',
  'it could not be loaded': 'er war nicht zu laden',
  'This failed: {}': 'Das ist fehlgeschlagen: {}',

  // Recent work, results and examples
  'Open {}': '{} öffnen',
  'Name of {}': 'Name von {}',
  Delete: 'Löschen',
  'Delete {}': '{} löschen',
  'Delete for good?': 'Endgültig löschen?',
  'open here': 'hier geöffnet',
  'open in another tab': 'in anderem Tab geöffnet',
  'Nothing yet: what you open is kept here.': 'Noch nichts: Was geöffnet wird, bleibt hier.',
  'result {}': 'Ergebnis {}',
  'Go to {}': 'Zu {}',
  shown: 'angezeigt',
  Compare: 'Vergleichen',
  'Compare with {}': 'Mit {} vergleichen',
  'Left: {} · End': 'Links: {} · Beenden',
  'Nothing yet: draw, and results are kept here.': 'Noch nichts: Was beim Zeichnen entsteht, bleibt hier.',
  '{}, without a drawing': '{}, ohne Zeichnung',
  'The sample cannot be loaded: the server does not answer.':
    'Das Beispiel ist nicht zu laden: Der Server antwortet nicht.',

  // The result, and what computes it
  'Result …': 'Ergebnis …',
  'Result: failed': 'Ergebnis: Fehler',
  'Result of an earlier drawing': 'Ergebnis einer früheren Zeichnung',
  'Try again': 'Noch einmal',
  'Refinement {}': 'Verfeinerung {}',
  '{}% before, {}% after': '{} % vorher, {} % nachher',
  'no face found: the hole’s surroundings': 'kein Gesicht gefunden: die Umgebung der Maske',
  'Auto: {}': 'Auto: {}',
  Automatic: 'Automatisch',
  failed: 'ausgefallen',
  'not measured': 'nicht gemessen',
  Server: 'Server',
  server: 'Server',
  'WebGPU, in this page': 'WebGPU, in dieser Seite',
  'WebAssembly, in this page': 'WebAssembly, in dieser Seite',
  '{} {} goes on.': '{} Weiter geht es mit {}.',
  'This browser has none.': 'Dieser Browser hat keines.',
  'Browsers offer it to https and localhost only.': 'Browser bieten es nur über https und localhost an.',
  'This machine has no GPU for it.': 'Dieser Rechner hat keine GPU dafür.',
  'Nothing in this browser can compute the result.': 'Nichts in diesem Browser kann das Ergebnis berechnen.',
  'the model cannot be loaded (status {})': 'das Modell ist nicht zu laden (Status {})',
  'The model has no output {}.': 'Das Modell hat keine Ausgabe {}.',
  'WebGPU was lost ({}).': 'WebGPU ist ausgefallen ({}).',
  'WebGPU was lost.': 'WebGPU ist ausgefallen.',
  'Its worker could not be loaded.': 'Sein Worker war nicht zu laden.',
  'The editor’s server does not answer. Start it again: npm run edit':
    'Der Server des Editors antwortet nicht. Neu starten: npm run edit',
  'The server answered with status {}.': 'Der Server hat mit Status {} geantwortet.',
  'Open a photo first.': 'Zuerst ein Foto öffnen.',
  'Paint a hole first: lines are drawn inside it.': 'Zuerst eine Maske malen: Die Linien kommen hinein.',
  'There is no result of this drawing yet.': 'Von dieser Zeichnung gibt es noch kein Ergebnis.',
  'This model makes no lines of its own.': 'Dieses Modell macht keine eigenen Linien.',
  'This page was made without an edge detector.': 'Diese Seite hat keine Kantenerkennung.',

  // Files
  'The file has {} MB; at most {} MB can be opened.':
    'Die Datei hat {} MB; höchstens {} MB lassen sich öffnen.',
  'This is not an image that the browser can read. JPEG, PNG and WebP are.':
    'Das ist kein Bild, das der Browser lesen kann. Er liest JPEG, PNG und WebP.',
  'The image has {} × {} pixels; at most {} million can be edited. Make it smaller first.':
    'Das Bild hat {} × {} Pixel; höchstens {} Millionen lassen sich bearbeiten. Vorher verkleinern.',
  'The image has {} × {} pixels; at least {} a side are needed.':
    'Das Bild hat {} × {} Pixel; mindestens {} je Seite sind nötig.',
  'The strokes have {} colours; at most {} can be opened. Is it a photo?':
    'Die Striche haben {} Farben; höchstens {} lassen sich öffnen. Ist es ein Foto?',
  'The file is no JSON, so it is no project of this editor.':
    'Die Datei ist kein JSON, also kein Projekt dieses Editors.',
  'This JSON file is not a project of this editor.': 'Diese JSON-Datei ist kein Projekt dieses Editors.',
  'The project has version {}; this editor reads version 1.':
    'Das Projekt hat Version {}; dieser Editor liest Version 1.',
  'The project is damaged: its {} cannot be read.': 'Das Projekt ist beschädigt: „{}“ ist nicht zu lesen.',
  project: 'Projekt',
  'The browser has no memory left for the picture.': 'Der Browser hat keinen Speicher mehr für das Bild.',

  // What a saved result does not keep of the photo's file
  'this browser adds noise to pixels that a page reads, as protection from tracking: allow this page to read canvases':
    'dieser Browser verrauscht Pixel, die eine Seite liest, zum Schutz vor Verfolgung: dieser Seite erlauben, Canvas-Daten zu lesen',
  'CMYK becomes RGB': 'aus CMYK wird RGB',
  'colours of the profile “{}” become sRGB': 'aus Farben des Profils „{}“ wird sRGB',
  'wide gamut or HDR': 'großer Farbraum oder HDR',
  'without a name': 'ohne Namen',
  '{} bits a channel become 8': 'aus {} Bit je Kanal werden 8',
  'see-through pixels keep their opacity, but their colours may be rounded':
    'durchsichtige Pixel behalten ihre Deckkraft, aber ihre Farben werden vielleicht gerundet',
  'of the animation the first picture is taken': 'von der Animation bleibt das erste Bild',
  'it is saved upright rather than turned by a note in the file':
    'es wird aufrecht gespeichert statt durch einen Vermerk in der Datei gedreht',
  'colours of this format become 8-bit sRGB': 'aus den Farben dieses Formats wird sRGB mit 8 Bit',

  // What the server says
  'The editor’s server no longer has this model: load the page anew.':
    'Der Server des Editors hat dieses Modell nicht mehr: die Seite neu laden.',
  'The server is busy with other pages.': 'Der Server ist mit anderen Seiten beschäftigt.',
  'The server failed; its terminal says why.': 'Der Server hat versagt; sein Terminal sagt, warum.',

  // What the browser keeps
  'This edit is no longer kept: it has been deleted.':
    'Diese Bearbeitung gibt es nicht mehr: Sie wurde gelöscht.',
  'Another tab goes on with this edit, or has deleted it.':
    'Ein anderer Tab macht mit dieser Bearbeitung weiter oder hat sie gelöscht.',
  'The browser’s storage for this page is full. Delete old work under Recent, or save the project.':
    'Der Speicher des Browsers für diese Seite ist voll. Alte Arbeiten unter „Zuletzt“ löschen oder das Projekt speichern.',
  'This browser window keeps nothing ({}), as private ones do. Save the project before you close it.':
    'Dieses Browserfenster sichert nichts ({}), wie private Fenster. Vor dem Schließen das Projekt speichern.',
};
