/** The default theme in the reader's own fonts. */
import './tables.css';

export { default } from 'vitepress/theme-without-fonts';
