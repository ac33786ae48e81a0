# frozen_string_literal: true

require 'json'
require 'socket'

module MayflyRuntime
  # The bootstrap's end of the framed channel.
  class Channel
    def initialize(path)
      @socket = UNIXSocket.new(path)
      @writing = Mutex.new
    end

    # Everything in one write. Each frame is [type, header, body], the latter two optional. Functions log from
    # their own threads.
    def send_frames(*frames)
      bytes = frames.map { |type, header, body| frame(type, header, body) }.join
      @writing.synchronize { @socket.write(bytes) }
    rescue Errno::EPIPE, Errno::ECONNRESET
      exit!(0)
    end

    # The next frame as [type, header, body], or nil when the other end has gone.
    def receive
      length = @socket.read(4) or return
      return if length.bytesize < 4

      content = @socket.read(length.unpack1('N'))
      return if content.nil? || content.bytesize < length.unpack1('N')

      head = content.byteslice(1, 4).unpack1('N')
      header = head.zero? ? {} : JSON.parse(content.byteslice(5, head).force_encoding('UTF-8'))
      [content.byteslice(0), header, content.byteslice((5 + head)..-1).force_encoding('UTF-8')]
    rescue Errno::ECONNRESET
      nil
    end

    private

    def frame(type, header, body)
      head = header ? JSON.generate(header).b : ''.b
      content = (body || '').b
      [5 + head.bytesize + content.bytesize].pack('N') + type.b + [head.bytesize].pack('N') + head + content
    end
  end
end
