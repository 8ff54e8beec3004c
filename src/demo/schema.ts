/** The database of a chain of gyms, as its business application would have made it. */
export const SCHEMA = `
CREATE TABLE establishments (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  postcode TEXT NOT NULL,
  city TEXT NOT NULL
);
CREATE TABLE members (
  id INTEGER PRIMARY KEY,
  establishment_id INTEGER NOT NULL REFERENCES establishments(id),
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  birth_date DATE,
  phone TEXT,
  email TEXT UNIQUE,
  address TEXT,
  joined_on DATE NOT NULL,
  photo BLOB,
  notes TEXT
);
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY,
  member_id INTEGER NOT NULL REFERENCES members(id),
  plan TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL CHECK (ends_on > starts_on),
  monthly_price DECIMAL(8,2) NOT NULL,
  cancelled_on DATE
);
CREATE TABLE visits (
  id INTEGER PRIMARY KEY,
  member_id INTEGER NOT NULL REFERENCES members(id),
  establishment_id INTEGER NOT NULL REFERENCES establishments(id),
  entered_at DATETIME NOT NULL,
  left_at DATETIME
);
CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  reference TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  category TEXT NOT NULL,
  price DECIMAL(8,2) NOT NULL CHECK (price >= 0),
  vat_rate DECIMAL(4,2) NOT NULL,
  discontinued BOOLEAN NOT NULL DEFAULT 0
);
CREATE TABLE stock (
  product_id INTEGER NOT NULL REFERENCES products(id),
  establishment_id INTEGER NOT NULL REFERENCES establishments(id),
  quantity INTEGER NOT NULL,
  counted_on DATE,
  PRIMARY KEY (product_id, establishment_id)
);
CREATE TABLE sales (
  id INTEGER PRIMARY KEY,
  establishment_id INTEGER NOT NULL REFERENCES establishments(id),
  member_id INTEGER REFERENCES members(id),
  sold_at DATETIME NOT NULL,
  total DECIMAL(10,2) NOT NULL
);
CREATE TABLE sale_lines (
  sale_id INTEGER NOT NULL REFERENCES sales(id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  product_id INTEGER NOT NULL REFERENCES products(id),
  quantity INTEGER NOT NULL,
  unit_price DECIMAL(8,2) NOT NULL,
  PRIMARY KEY (sale_id, line)
);
CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  establishment_id INTEGER NOT NULL REFERENCES establishments(id),
  sale_id INTEGER REFERENCES sales(id),
  subscription_id INTEGER REFERENCES subscriptions(id),
  method TEXT NOT NULL,
  amount DECIMAL(10,2) NOT NULL,
  paid_at DATETIME NOT NULL
);
CREATE TABLE accounting_entries (
  id INTEGER PRIMARY KEY,
  payment_id INTEGER REFERENCES payments(id),
  counterpart_id INTEGER REFERENCES accounting_entries(id),
  entry_date DATE NOT NULL,
  account TEXT NOT NULL,
  debit DECIMAL(12,2) NOT NULL DEFAULT 0,
  credit DECIMAL(12,2) NOT NULL DEFAULT 0,
  reconciled_on DATE
);
CREATE INDEX visits_by_member ON visits(member_id);
CREATE INDEX subscriptions_by_member ON subscriptions(member_id);
CREATE INDEX sales_by_member ON sales(member_id);
CREATE INDEX lines_by_product ON sale_lines(product_id);
CREATE INDEX payments_by_sale ON payments(sale_id);
CREATE INDEX entries_by_payment ON accounting_entries(payment_id);
CREATE INDEX entries_by_counterpart ON accounting_entries(counterpart_id);
`;
