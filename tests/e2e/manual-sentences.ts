/** Every sentence of the original manual of 2009, in its order, and what shows that it holds. */
export interface Tick {
  readonly sentence: string;
  /** Titles of the tests that show it. */
  readonly tests?: readonly string[];
  /** It holds no longer: what has come in its place. */
  readonly superseded?: string;
}

export const TICKS: readonly Tick[] = [
  {
    sentence:
      'ATTENTION : Toutes les données, financières et comptables comprises, sont échangées entre les différents établissements.',
    tests: [
      'a member entered at Colmar is in the hub after "Manuelle" in the window of Colmar',
      'the help says what is exchanged, what is needed and which ports are used',
    ],
  },
  {
    sentence:
      "ATTENTION : Toujours vérifier que la synchronisation se soit bien effectuée, en effet plusieurs facteurs peuvent altérer l'opération (Coupure du réseau Internet, micro coupure électrique, virus, problème matériel ou autres...).",
    tests: [
      'the verdict comes first, in colour, with a picture and in words',
      'the help says what is exchanged, what is needed and which ports are used',
    ],
  },
  {
    sentence:
      'Accès internet permanent haut débit (câble ou ADSL) sur le serveur Heitz de chaque établissement; liaison 512kbit/s minimum.',
    tests: ['the help says what is exchanged, what is needed and which ports are used'],
  },
  {
    sentence: 'Pare-feu logiciel ou matériel des serveurs configurés pour libérer les ports 20 et 21 (FTP).',
    superseded:
      'the firewall frees port 21 and the passive range; port 20 is never used, for the site opens every connection',
  },
  {
    sentence:
      "Déterminer le poste 'siège' (gestion et redistribution des données); c'est normalement le poste le plus puissant et avec au moins 1 Go de mémoire ou plus.",
    tests: ['the help says what is exchanged, what is needed and which ports are used'],
  },
  {
    sentence:
      "Sur le 'siège' : il faut une adresse IP fixe (voir avec votre fournisseur d'accès) ou mettre en place une adresse DNS dynamique comme. www.no-ip.com, www.dyndns.fr, etc.",
    tests: ['the help says what is exchanged, what is needed and which ports are used'],
  },
  {
    sentence:
      'Il est préférable de protéger les serveurs et notamment le siège par un onduleur de type serveur.',
    tests: ['the help says what is exchanged, what is needed and which ports are used'],
  },
  {
    sentence: 'Ce logiciel comporte deux modes de fonctionnement : le mode Siège et le mode Serveur.',
    tests: [
      'a site shows its mode, its dates and its buttons',
      'a hub shows its establishments, its reception time and its FTP server',
    ],
  },
  {
    sentence:
      "Lors de son lancement le logiciel vient se placer automatiquement dans la barre des tâches en bas à droite à côté de l'heure.",
    tests: [
      'the program can start beside the clock, without its window',
      '"Fermer" and the cross hide the window, the tray opens it again',
    ],
  },
  {
    sentence:
      "Pour le quitter, vous pouvez soit utiliser le bouton de droite de la souris sur l'icône se trouvant dans la barre des tâches et choisir Quitter soit utiliser la combinaison de touche ALT-F4.",
    tests: ['"Quitter" stops the engine, then ends the process', 'Alt-F4 quits'],
  },
  {
    sentence:
      "Ce logiciel doit être utilisé sur le poste ou est située la base de données (le serveur de l'établissement).",
    tests: ['the help says what is exchanged, what is needed and which ports are used'],
  },
  {
    sentence: 'Pour le paramétrer référez vous à la documentation du logiciel Configuration.',
    superseded:
      'no other program sets it up: the screen of configuration is in the window, and the command line does all of it',
  },
  {
    sentence: 'Dernière synchronisation : date et heure de la dernière synchronisation effectuée.',
    tests: ['a site shows its mode, its dates and its buttons'],
  },
  {
    sentence: 'Cette date permet de savoir à partir de quelle date les données vont être synchronisées.',
    superseded:
      'every change is noted one by one as it is made, so that none is looked for by a date and none is missed',
  },
  {
    sentence:
      'Pour la première synchronisation vous devez mettre la date du jour ou vous avez installé le logiciel, pour les autres synchronisations la date sera automatiquement renseignée par rapport à la dernière date de synchronisation complète.',
    superseded:
      'no date is typed: the preparation of the database begins the noting, and the date comes from the last complete synchronisation',
  },
  {
    sentence: "Heure de départ : indique l'heure à laquelle la synchronisation automatique va se lancer.",
    tests: ['a site shows its mode, its dates and its buttons'],
  },
  {
    sentence: 'Synchronisation : mode de fonctionnement actuel soit Serveur soit Siège.',
    tests: [
      'a site shows its mode, its dates and its buttons',
      'a hub shows its establishments, its reception time and its FTP server',
    ],
  },
  {
    sentence: "? : ce bouton permet d'accéder à cette documentation.",
    tests: ['"?" opens the help at the page of the screen'],
  },
  {
    sentence: "I : ce bouton permet d'afficher des informations génériques sur les différents logiciels.",
    tests: ['"I" shows versions, places and licences, and copies all that a support asks for'],
  },
  {
    sentence: 'Suivi : informations diverses sur le déroulement de la synchronisation.',
    tests: ['the log grows by itself, and "effacer" empties it for good'],
  },
  {
    sentence:
      "Le bouton effacer permet de vider le suivi (ceci n'affecte pas le rapport de synchronisation).",
    tests: ['the log grows by itself, and "effacer" empties it for good'],
  },
  {
    sentence: 'Dernières synchronisations : liste des 10 dernières synchronisations.',
    tests: ['a double click on a session opens its report'],
  },
  {
    sentence: 'En double-cliquant sur une ligne le rapport correspondant à la synchronisation est affiché.',
    tests: ['a double click on a session opens its report'],
  },
  {
    sentence: 'Adresses IP bloquées : liste des adresses IP refusées par la synchronisation.',
    tests: ['blocked addresses are listed, and "vider" lets them in again'],
  },
  {
    sentence:
      "Cette liste se remplit lorsqu'un ordinateur essaie d'accéder plusieurs fois au serveur FTP sans autorisation.",
    tests: ['blocked addresses are listed, and "vider" lets them in again'],
  },
  {
    sentence: 'Le bouton vider permet de supprimer les adresses de la liste.',
    tests: ['blocked addresses are listed, and "vider" lets them in again'],
  },
  {
    sentence: "Bascule le logiciel dans la barre des tâches en attente d'une synchronisation.",
    tests: ['"Fermer" and the cross hide the window, the tray opens it again'],
  },
  { sentence: 'Début Fin Etat', tests: ['a double click on a session opens its report'] },
  {
    sentence: 'Liste des rapports des différentes synchronisations.',
    tests: ['a failed session has a whole report too'],
  },
  {
    sentence: "Le bouton Imprimer permet l'impression du rapport sélectionné.",
    tests: ['"Imprimer" prints the report and nothing else'],
  },
  {
    sentence:
      "Arrête la synchronisation de la base de données et, si cela est configuré, envoi un email d'information.",
    tests: [
      '"Arrêter" says what will happen, asks once, and says that it is being done',
      'a session that "Arrêter" ended, that nothing is lost, and its report',
    ],
  },
  {
    sentence:
      'Effectue un test de connexion, tel qui sera effectué à chaque synchronisation, pour vérifier que le siège est accessible et que les logiciels dans les deux établissements soient compatibles.',
    tests: ['the test shows each check, and the fault in the hub'],
  },
  {
    sentence: "Lance la synchronisation immédiatement sans attendre l'heure définie.",
    tests: ['a manual synchronisation is confirmed, followed step by step, prolonged and stopped'],
  },
  {
    sentence: "ATTENTION : ne jamais lancer une synchronisation manuelle pendant que quelqu'un travaille sur",
    tests: ['a manual synchronisation is confirmed, followed step by step, prolonged and stopped'],
  },
  {
    sentence: 'Mise à zéro des compteurs de temps pour prolonger une synchronisation.',
    tests: ['a manual synchronisation is confirmed, followed step by step, prolonged and stopped'],
  },
  {
    sentence:
      "Nombre de serveurs : nombre d'établissements du groupe (sans compter le siège) qui vont envoyer leurs données pour la synchronisation.",
    tests: ['a hub shows its establishments, its reception time and its FTP server'],
  },
  {
    sentence:
      'Temps maximum de réception : temps, après le départ de la synchronisation, au bout duquel le siège effectue une synchronisation avec les établissements dont il a reçus les données.',
    tests: ['a hub shows its establishments, its reception time and its FTP server'],
  },
  {
    sentence:
      "Si aucun établissement n'a envoyé ses données la synchronisation est arrêtée et se met en attente pour le lendemain.",
    superseded: 'the hub waits for its next departure, which need not be the next day',
  },
  {
    sentence: 'Etat du FTP : indique si le serveur FTP est actif (rond vert) ou inactif (rond rouge).',
    tests: [
      'a hub shows its establishments, its reception time and its FTP server',
      'an FTP server that is down is red and says why',
    ],
  },
  {
    sentence: 'Ce serveur FTP est indispensable pour le transfert des données entre les établissements.',
    tests: ['a member entered at Colmar is in the hub after "Manuelle" in the window of Colmar'],
  },
];

/** SHA-256 of the sentences, one a line: none is left out or reworded unnoticed. */
export const DIGEST = '5f90b2d78aa77aa7f21a904090b50a70e10ac18fd0a1e47171530d9cd48a0925';
