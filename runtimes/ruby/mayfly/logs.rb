# frozen_string_literal: true

require 'json'
require 'time'

module MayflyRuntime
  # Log events: what `Logger` writes to the standard streams, and failures. Spec 4.2-13, 5.2-03.
  class Logs
    LEVELS = %w[TRACE DEBUG INFO WARN ERROR FATAL].freeze
    private_constant :LEVELS

    attr_reader :request_id

    def initialize(channel, header)
      @channel = channel
      # Structured since Ruby 4.0; before, functions write their own JSON.
      @json = header['logFormat'] == 'JSON'
      @structured = @json && RUBY_VERSION.to_i >= 4
      @level = header['logLevel']
    end

    def current(request_id, tenant_id)
      @request_id = request_id
      @tenant_id = tenant_id
    end

    # Severity as the number Logger uses, where the log level of the function says one.
    def logger_level
      @structured && @level ? [LEVELS.index(@level) - 1, 0].max : nil
    end

    def record(severity, time, progname, message)
      level = LEVELS.include?(severity) ? severity : nil
      line = @structured ? structured(level || 'INFO', time, { message: shown(message) }) : text(severity, time, progname, message)
      event(line, level, time)
    end

    def failure(message, failure)
      line = @json ? structured('ERROR', Time.now, { message: message, **failure.shape }) : "#{message}\n#{JSON.pretty_generate(failure.shape)}"
      event(line, 'ERROR', Time.now)
    end

    # A Logger on the standard streams writes whole events; with a device of its own it is left alone.
    def patch_logger
      logs = self
      require 'logger'
      Logger.prepend(
        Module.new do
          define_method(:initialize) do |device = nil, *rest, **options|
            super(device, *rest, **options)
            @mayfly = [nil, $stdout, $stderr, STDOUT, STDERR].include?(device)
            self.level = logs.logger_level if @mayfly && logs.logger_level && !options.key?(:level)
          end

          define_method(:add) do |severity, message = nil, progname = nil, &block|
            return super(severity, message, progname, &block) if !@mayfly || @formatter

            severity ||= Logger::UNKNOWN
            return true if severity < level

            progname ||= self.progname
            if message.nil?
              message = block ? block.call : progname
              progname = self.progname unless block
            end
            logs.record(format_severity(severity), Time.now, progname, message)
            true
          end
          alias_method :log, :add
        end
      )
    end

    private

    def event(line, level, time)
      $stdout.flush
      header = { atMs: (time.to_f * 1000).to_i }
      header[:level] = level if level
      @channel.send_frames(['L', header, line.encode('UTF-8', invalid: :replace, undef: :replace)])
    end

    def text(severity, time, progname, message)
      at = time.strftime('%Y-%m-%dT%H:%M:%S.%6N')
      format('%s, [%s #%d] %5s %s -- %s: %s', severity[0], at, Process.pid, severity, @request_id, progname, shown(message))
    end

    def structured(level, time, members)
      record = { timestamp: time.utc.iso8601(3), level: level, requestId: @request_id }
      record[:tenantId] = @tenant_id if @tenant_id
      JSON.generate(record.merge(members))
    end

    def shown(message)
      return message if message.is_a?(String)
      return "#{message.message} (#{message.class})\n#{(message.backtrace || []).join("\n")}" if message.is_a?(Exception)

      message.inspect
    end
  end
end
