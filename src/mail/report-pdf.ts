import { renderPdf } from '../report/render-pdf';
import type { ReportAttachment } from './port';

/** The report as a PDF, with or without a window. */
export const reportPdf: ReportAttachment = async (report, { translate, language, zone }) => ({
  filename: `${translate('letter.reportFile')}-${report.id}.pdf`,
  contentType: 'application/pdf',
  content: await renderPdf(report, translate, { locale: language, zone }),
});
