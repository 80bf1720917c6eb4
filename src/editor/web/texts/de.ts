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
  Undo: 'Rückgängig',
  Redo: 'Wiederholen',
  'Not kept': 'Nicht gesichert',
  'Where the result is computed': 'Wo das Ergebnis berechnet wird',
  'Dark or light': 'Dunkel oder hell',
  Dark: 'Dunkel',
  Help: 'Hilfe',
  'Help and settings': 'Hilfe und Einstellungen',

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
  'Open a photo': 'Foto öffnen',
  'Try an example': 'Beispiel ausprobieren',
  'or drop or paste one here. It stays on this computer.':
    'oder hier ablegen oder einfügen. Es bleibt auf diesem Computer.',
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
  'Drawn people, who do not exist. Take one as it is, or with a drawing that changes it.':
    'Gezeichnete Menschen, die es nicht gibt: so, wie sie sind, oder mit einer Zeichnung, die sie verändert.',
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

  // What the examples change
  'A smile': 'Ein Lächeln',
  'No smile': 'Kein Lächeln',
  'A thinner chin': 'Schmaleres Kinn',
  'Longer hair': 'Längeres Haar',
};
