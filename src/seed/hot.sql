-- A little hot data; the same text for PostgreSQL and SQLite. First what others refer to.

INSERT INTO tenants (id, name, create_datetime, update_datetime)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
SELECT i, 'Tenant ' || i, '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00' FROM n
WHERE true ON CONFLICT (id) DO NOTHING;

INSERT INTO plugins (id, name, create_datetime, update_datetime) VALUES
    (1, 'GCash', '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00'),
    (2, 'Maya', '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00'),
    (3, 'Cards', '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00'),
    (4, 'Bank transfer', '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00'),
    (5, 'Over the counter', '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00'),
    (6, 'Coins', '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00')
ON CONFLICT (id) DO NOTHING;

INSERT INTO merchants (id, name, enabled, tenant_id, create_datetime, update_datetime)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
SELECT i, 'Merchant ' || i, i % 10 <> 0, (i - 1) % 5 + 1,
    '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00' FROM n
WHERE true ON CONFLICT (id) DO NOTHING;

INSERT INTO channels (id, name, plugin_id, create_datetime, update_datetime)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8)
SELECT i, 'Channel ' || i, (i - 1) % 6 + 1,
    '2024-12-01T00:00:00+00:00', '2024-12-01T00:00:00+00:00' FROM n
WHERE true ON CONFLICT (id) DO NOTHING;

INSERT INTO plugin_configs (id, name, plugin_id, settings, create_datetime, update_datetime)
SELECT id, name || ' settings', id, '{"timeoutSeconds": 30, "apiKey": "not-a-real-key"}',
    create_datetime, create_datetime FROM plugins WHERE id <= 6
ON CONFLICT (id) DO NOTHING;

INSERT INTO plugin_pay_types (id, name, plugin_id, pay_type, create_datetime, update_datetime)
SELECT id * 2 - 1, name || ' app', id, 'app', create_datetime, create_datetime
    FROM plugins WHERE id <= 6
UNION ALL
SELECT id * 2, name || ' QR', id, 'qr', create_datetime, create_datetime
    FROM plugins WHERE id <= 6
ON CONFLICT (id) DO NOTHING;
