import printJS from 'print-js';
import { useI18n } from 'vue-i18n';
import documentStyle from '../../assets/styles/report.css?inline';
import { useNoticesStore } from '../stores/notices';
import { useActions } from './use-actions';
import { useBridge } from './use-bridge';
import { askWhereToSave } from './file-dialog';

/** The copy that is printed; report.css shows it on paper alone. */
const PAPER = 'paper';

/** Puts a document of the screen on paper: through the printer's own dialog, or into a PDF file. */
export function usePaper() {
  const { t } = useI18n();
  const bridge = useBridge();
  const notices = useNoticesStore();
  const { run } = useActions();

  /** print-js copies the document into a frame of its own. */
  function print(element: Element, title: string): void {
    printJS({
      printable: paperOf(element),
      type: 'html',
      documentTitle: title,
      scanStyles: false,
      style: documentStyle,
    });
  }

  /** Asks where; resolves when the file is there, or when the user has thought better of it. */
  async function savePdf(element: Element, name: string): Promise<void> {
    const file = await askWhereToSave(`${name}.pdf`);
    if (file === null) return;
    const paper = paperOf(element);
    document.body.append(paper);
    const saved = await run(async () => {
      await bridge.savePdf(file);
      return true;
    });
    paper.remove();
    if (saved === true) notices.show('done', t('paper.saved', { file }));
  }

  return { print, savePdf };
}

/** A copy of the document, or of all that the element holds, as paper has it: nothing to press, only words. */
function paperOf(element: Element): HTMLElement {
  const paper = document.createElement('div');
  paper.id = PAPER;
  const documents = element.matches('.report') ? [element] : [...element.querySelectorAll('.report')];
  paper.append(...documents.map((each) => each.cloneNode(true)));
  for (const useless of paper.querySelectorAll('.screen-only')) useless.remove();
  for (const button of paper.querySelectorAll('button')) {
    const words = document.createElement('span');
    words.textContent = button.textContent;
    button.replaceWith(words);
  }
  return paper;
}
