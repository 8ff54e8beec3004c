import { renderHtml } from '../report/render-html';
import type { ReportAttachment } from './port';

/** The report as the page that the window prints. */
export const reportPage: ReportAttachment = (report, { translate, language, zone }) =>
  Promise.resolve({
    filename: `${translate('letter.reportFile')}-${report.id}.html`,
    contentType: 'text/html; charset=utf-8',
    content: Buffer.from(renderHtml(report, translate, { locale: language, zone })),
  });
