import printJS from 'print-js';
import reportStyle from '../../assets/styles/report.css?inline';

/** Prints one element alone, with the style of a report. print-js copies it into a frame of its own. */
export function printReport(elementId: string, title: string): void {
  printJS({
    printable: elementId,
    type: 'html',
    documentTitle: title,
    scanStyles: false,
    style: reportStyle,
  });
}
