import printJS from 'print-js';
import helpStyle from '../../assets/styles/help.css?inline';

/** Prints one page of the help, with its pictures. print-js copies it into a frame of its own. */
export function printHelp(elementId: string, title: string): void {
  printJS({
    printable: elementId,
    type: 'html',
    documentTitle: title,
    scanStyles: false,
    style: helpStyle,
  });
}
