/**
 * Types of SQL Server and how their values travel. Integers, floating-point numbers, text and bytes go as they are;
 * all the others as text, which SQL writes and reads, since JavaScript has no number or date that holds them.
 */
import sql from 'mssql';

type Kind = 'integer' | 'real' | 'text' | 'binary' | 'decimal' | 'moment' | 'guid';

export interface ColumnType {
  readonly name: string;
  readonly kind: Kind;
  /** As in CREATE TABLE, without a collation. */
  readonly declaration: string;
  /** Characters or bytes; null: no limit. */
  readonly length: number | null;
  readonly precision: number;
  /** Digits after the point, of a number or of a second. */
  readonly scale: number;
  readonly collation: string | null;
}

/** As `sys.columns` describes it. */
export interface DeclaredType {
  readonly name: string;
  /** Bytes; -1: no limit. */
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
  readonly collation: string | null;
}

const KINDS: Readonly<Record<string, Kind>> = {
  bit: 'integer',
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'integer',
  float: 'real',
  real: 'real',
  char: 'text',
  varchar: 'text',
  nchar: 'text',
  nvarchar: 'text',
  text: 'text',
  ntext: 'text',
  xml: 'text',
  binary: 'binary',
  varbinary: 'binary',
  image: 'binary',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'decimal',
  smallmoney: 'decimal',
  date: 'moment',
  time: 'moment',
  datetime: 'moment',
  smalldatetime: 'moment',
  datetime2: 'moment',
  datetimeoffset: 'moment',
  uniqueidentifier: 'guid',
};

/** Types of the last century, which triggers do not see. */
const OUT_OF_ROW = new Set(['text', 'ntext', 'image']);

export const isOutOfRow = ({ name }: ColumnType): boolean => OUT_OF_ROW.has(name);

/** Null for a type that is not carried: sql_variant, spatial and other CLR types, and those of versions to come. */
export function columnType(declared: DeclaredType): ColumnType | null {
  const { name, precision, scale, collation } = declared;
  const kind = KINDS[name];
  if (kind === undefined) return null;
  const length = lengthOf(declared);
  return { name, kind, precision, scale, collation, length, declaration: declarationOf(declared, length) };
}

function lengthOf({ name, maxLength }: DeclaredType): number | null {
  if (maxLength === -1 || OUT_OF_ROW.has(name)) return null;
  return name === 'nchar' || name === 'nvarchar' ? maxLength / 2 : maxLength;
}

function declarationOf({ name, precision, scale }: DeclaredType, length: number | null): string {
  switch (name) {
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
    case 'binary':
    case 'varbinary':
      return `${name}(${length === null ? 'max' : String(length)})`;
    case 'decimal':
    case 'numeric':
      return `${name}(${String(precision)}, ${String(scale)})`;
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return `${name}(${String(scale)})`;
    case 'float':
      return `float(${String(precision)})`;
    default:
      return name;
  }
}

/** The most characters that a column of limited width can have. */
const WIDEST_TEXT = 4000;

const nationalText = ({ length }: ColumnType): string =>
  length === null || length > WIDEST_TEXT ? 'nvarchar(max)' : `nvarchar(${String(length)})`;

/** SQL that gives the value of a column as it travels. */
export function readExpression(type: ColumnType, column: string): string {
  switch (type.name) {
    case 'bit':
      return `CONVERT(tinyint, ${column})`;
    case 'char':
    case 'varchar':
      return `CONVERT(${nationalText(type)}, ${column})`;
    case 'text':
    case 'ntext':
    case 'xml':
      return `CONVERT(nvarchar(max), ${column})`;
    case 'image':
      return `CONVERT(varbinary(max), ${column})`;
    case 'decimal':
    case 'numeric':
      return `CONVERT(varchar(41), ${column})`;
    case 'money':
    case 'smallmoney':
      return `CONVERT(varchar(41), CONVERT(decimal(19, 4), ${column}))`;
    case 'uniqueidentifier':
      return `CONVERT(varchar(36), ${column})`;
    default: {
      const style = STYLES[type.name];
      return style === undefined ? column : `CONVERT(varchar(40), ${column}, ${style})`;
    }
  }
}

/** Styles of CONVERT that lose nothing and depend on no language. */
const STYLES: Readonly<Record<string, string>> = {
  date: '23',
  time: '121',
  datetime: '121',
  smalldatetime: '120',
  datetime2: '121',
  datetimeoffset: '121',
};

/** SQL that makes the column's own value of one that travelled; text stays wide, so that too long a one is refused. */
export function writeExpression(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'integer':
      return type.name === 'bit' ? `CONVERT(bit, ${value})` : value;
    case 'real':
      return `CONVERT(${type.declaration}, ${value})`;
    case 'text':
      return type.name === 'xml' ? `CONVERT(xml, ${value}, 1)` : value;
    case 'binary':
      // A parameter without a value is text to the driver, which the server does not take for bytes.
      return `CONVERT(varbinary(max), ${value})`;
    case 'moment':
      return `CONVERT(${type.declaration}, ${value}, ${STYLES[type.name] ?? '121'})`;
    case 'decimal':
    case 'guid':
      return `CONVERT(${type.declaration}, ${value})`;
  }
}

/** The same of the very type of the column, for comparing with it by its index. */
export function keyExpression(type: ColumnType, value: string): string {
  if (type.kind === 'binary') return `CONVERT(${type.declaration}, ${value})`;
  if (type.kind !== 'text') return writeExpression(type, value);
  // The collation first: it is by its code page that wide text becomes narrow.
  return `CONVERT(${type.declaration}, ${value}${collate(type)})`;
}

export const collate = ({ collation }: ColumnType): string =>
  collation === null ? '' : ` COLLATE ${collation}`;

/** Text of one byte a character, in a code page that not every character has. */
export const isNarrow = ({ name }: ColumnType): boolean =>
  name === 'varchar' || name === 'char' || name === 'text';

/** A condition that a column would hold another value than this text, in silence or with an error; null: it never would. */
export function spoils(type: ColumnType, value: string): string | null {
  // Text that is no XML would not be refused row by row: the error ends the whole transaction.
  if (type.name === 'xml') return `(${value} IS NOT NULL AND TRY_CONVERT(xml, ${value}, 1) IS NULL)`;
  if (!isNarrow(type)) return null;
  // The server puts a question mark for what the code page does not have.
  const narrow = `CONVERT(nvarchar(max), CONVERT(varchar(max), ${value}${collate(type)}))`;
  return `${narrow} COLLATE Latin1_General_BIN2 <> ${value} COLLATE Latin1_General_BIN2`;
}

/** A column that holds values as they travel: its declaration, and its type for a bulk load. */
export function stagedType(type: ColumnType): { readonly declaration: string; readonly bulk: sql.ISqlType } {
  switch (type.kind) {
    case 'integer':
      return integerType(type.name);
    case 'real':
      return { declaration: 'float', bulk: sql.Float() };
    case 'text': {
      const declaration = `${nationalText(type)} COLLATE ${type.collation ?? 'DATABASE_DEFAULT'}`;
      const limited = type.length !== null && type.length <= WIDEST_TEXT;
      return { declaration, bulk: sql.NVarChar(limited ? type.length : sql.MAX) };
    }
    case 'binary': {
      const { length } = type;
      const width = length === null ? 'max' : String(length);
      return { declaration: `varbinary(${width})`, bulk: sql.VarBinary(length ?? sql.MAX) };
    }
    case 'decimal':
    case 'moment':
    case 'guid':
      return { declaration: 'varchar(50)', bulk: sql.VarChar(50) };
  }
}

function integerType(name: string): ReturnType<typeof stagedType> {
  switch (name) {
    case 'bit':
    case 'tinyint':
      return { declaration: 'tinyint', bulk: sql.TinyInt() };
    case 'smallint':
      return { declaration: 'smallint', bulk: sql.SmallInt() };
    case 'int':
      return { declaration: 'int', bulk: sql.Int() };
    default:
      return { declaration: 'bigint', bulk: sql.BigInt() };
  }
}

/**
 * A condition that two values of a column differ, null counted as a value. Text and bytes are compared byte for byte,
 * and by length too: to SQL Server `a` equals `A` and `a ` in most collations. Moments with an offset are equal to it
 * when they are the same instant.
 */
export function differs(type: ColumnType, before: string, after: string): string {
  const oneIsNull = `(${before} IS NULL AND ${after} IS NOT NULL) OR (${before} IS NOT NULL AND ${after} IS NULL)`;
  return `(${valuesDiffer(type, before, after)} OR ${oneIsNull})`;
}

function valuesDiffer(type: ColumnType, before: string, after: string): string {
  if (type.name === 'xml') {
    return bytesDiffer(`CONVERT(nvarchar(max), ${before})`, `CONVERT(nvarchar(max), ${after})`);
  }
  if (type.kind === 'text' || type.kind === 'binary') return bytesDiffer(before, after);
  if (type.name === 'datetimeoffset') {
    return `${readExpression(type, before)} <> ${readExpression(type, after)}`;
  }
  return `${before} <> ${after}`;
}

const bytesDiffer = (before: string, after: string): string =>
  `DATALENGTH(${before}) <> DATALENGTH(${after}) OR CONVERT(varbinary(max), ${before}) <> CONVERT(varbinary(max), ${after})`;
